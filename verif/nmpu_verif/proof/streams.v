// What the streams promise, said about the sequencer and proven by induction: see induction.py.
//
// Every group that enters gets a number, and the numbers move as the lanes' registers do, with load_*. So what holds for
// the numbers holds for the data: nothing is lost, repeated or overtaken.
//
// allowed   what the surroundings promise: valid stays until ready, and a bank's layer is locked while it is in use
// inside    what is true in every clock and is only needed for the proofs of the others
// The other outputs are the claims.

module streams #(
    parameter GROUPS = 4,
    parameter BITS = 2  // of a group's index
) (
    input clk,
    input rst,
    input enable,
    input bank_select,
    input [1:0] rx_on,
    input adc_valid,
    input rx_valid,
    input rx_first,
    input rx_last,
    input out_ready,
    output allowed,
    output inside,
    output out_stays_until_taken,
    output nothing_lost_repeated_overtaken,
    output beats_in_order_of_groups,
    output vector_taken_with_its_last_group,
    output rx_taken_once_for_each_group,
    output bank_swaps_between_vectors_only,
    output banks_in_use_are_locked,
    output stops_between_vectors_only,
    output no_bubble
);
    wire adc_ready, rx_ready, out_valid, bank, busy, in_flight, rx_wanted, rx_misaligned;
    wire [1:0] in_use;
    wire [3:0] counted;
    wire [BITS-1:0] index;
    wire [BITS+2:0] slot_fetch, slot_affine, slot_norm, slot_residual, slot_output;
    wire load_fetch, load_affine, load_norm, load_residual, load_output;

    SEQUENCER sequencer (
        .clk(clk), .rst(rst), .enable(enable), .bank_select(bank_select), .rx_on(rx_on), .adc_valid(adc_valid),
        .adc_ready(adc_ready), .rx_valid(rx_valid), .rx_first(rx_first), .rx_last(rx_last), .rx_ready(rx_ready),
        .out_valid(out_valid), .out_ready(out_ready), .index(index), .bank(bank), .slot_fetch(slot_fetch),
        .slot_affine(slot_affine), .slot_norm(slot_norm), .slot_residual(slot_residual), .slot_output(slot_output),
        .load_fetch(load_fetch), .load_affine(load_affine), .load_norm(load_norm), .load_residual(load_residual),
        .load_output(load_output), .counted(counted), .rx_misaligned(rx_misaligned), .rx_wanted(rx_wanted),
        .busy(busy), .in_flight(in_flight), .in_use(in_use)
    );

    localparam [BITS-1:0] LAST = GROUPS - 1;
    localparam NUMBER = 8;  // bits of a number: more than enough for the groups that are in flight

    // Five registers, 0 is the one that a group enters, 4 the one that it leaves from.
    wire [5*(BITS+3)-1:0] slots = {slot_output, slot_residual, slot_norm, slot_affine, slot_fetch};
    wire [4:0] loads = {load_output, load_residual, load_norm, load_affine, load_fetch};

    reg [NUMBER-1:0] entered, delivered;
    reg [BITS-1:0] entering_index, leaving_index;
    reg vector_bank;  // of the vector in progress
    reg [NUMBER-1:0] numbers [0:4];
    reg waited, past_rst, past_adc, past_rx;
    reg [BITS+2:0] past_slot;
    reg [NUMBER-1:0] past_number;
    reg [1:0] past_in_use, past_rx_on;

    wire entering = load_fetch, leaving = out_valid & out_ready;
    integer i;
    always @(posedge clk) begin
        for (i = 0; i < 5; i = i + 1)
            if (loads[i]) numbers[i] <= i == 0 ? entered : numbers[i == 0 ? 0 : i - 1];
        if (entering) begin
            entered <= entered + 1'b1;
            entering_index <= entering_index == LAST ? {BITS{1'b0}} : entering_index + 1'b1;
            if (entering_index == 0) vector_bank <= bank_select;
        end
        if (leaving) begin
            delivered <= delivered + 1'b1;
            leaving_index <= leaving_index == LAST ? {BITS{1'b0}} : leaving_index + 1'b1;
        end
        waited <= out_valid & ~out_ready;
        past_slot <= slot_output;
        past_number <= numbers[4];
        past_adc <= adc_valid & ~adc_ready;
        past_rx <= rx_valid & ~rx_ready;
        past_in_use <= in_use;
        past_rx_on <= rx_on;
        past_rst <= rst;
        if (rst) begin
            entered <= 0;
            delivered <= 0;
            entering_index <= 0;
            leaving_index <= 0;
            waited <= 0;
            past_adc <= 0;
            past_rx <= 0;
            past_in_use <= 0;
        end
    end

    assign allowed = (adc_valid | ~past_adc) & (rx_valid | ~past_rx)
        & ~|(past_in_use & in_use & (rx_on ^ past_rx_on));

    // Slot by slot from the output back: the groups in flight are numbered without a gap.
    reg [NUMBER-1:0] ahead;
    reg [BITS-1:0] position;
    reg numbered, placed, same_bank;
    reg [BITS+2:0] one;
    always @* begin
        ahead = delivered;
        position = leaving_index;
        numbered = 1'b1;
        placed = 1'b1;
        same_bank = 1'b1;
        for (i = 4; i >= 0; i = i - 1) begin
            one = slots[i*(BITS+3)+:BITS+3];
            if (one[0]) begin
                numbered = numbered & numbers[i] == ahead;
                placed = placed & one[BITS:1] == position & one[BITS+1] == (position == LAST);
                // A group of the vector in progress has its bank.
                if (entered - numbers[i] <= {{NUMBER-BITS{1'b0}}, entering_index})
                    same_bank = same_bank & one[BITS+2] == vector_bank;
                ahead = ahead + 1'b1;
                position = position == LAST ? {BITS{1'b0}} : position + 1'b1;
            end
        end
        numbered = numbered & ahead == entered;
        placed = placed & position == entering_index;
    end
    assign inside = numbered & placed & same_bank & index == entering_index & entering_index <= LAST
        & leaving_index <= LAST;

    assign out_stays_until_taken = ~waited | (out_valid & slot_output == past_slot & numbers[4] == past_number);
    assign nothing_lost_repeated_overtaken = ~out_valid | numbers[4] == delivered;
    assign beats_in_order_of_groups = ~out_valid
        | (slot_output[BITS:1] == leaving_index & slot_output[BITS+1] == (leaving_index == LAST));
    assign vector_taken_with_its_last_group = (adc_valid & adc_ready) == (entering & entering_index == LAST);
    assign rx_taken_once_for_each_group = (rx_valid & rx_ready)
        == (load_residual & slot_norm[0] & rx_on[slot_norm[BITS+2]]);
    assign bank_swaps_between_vectors_only = bank == (entering_index == 0 ? bank_select : vector_bank);
    assign banks_in_use_are_locked =
        (~slot_fetch[0] | in_use[slot_fetch[BITS+2]]) & (~slot_affine[0] | in_use[slot_affine[BITS+2]])
        & (~slot_norm[0] | in_use[slot_norm[BITS+2]]) & (~slot_residual[0] | in_use[slot_residual[BITS+2]])
        & (~slot_output[0] | in_use[slot_output[BITS+2]]) & (entering_index == 0 | in_use[vector_bank])
        & (~entering | in_use[bank]);
    assign stops_between_vectors_only = ~(entering & ~enable) | entering_index != 0;
    assign no_bubble = entering | ~(adc_valid & out_ready & (rx_valid | ~rx_wanted) & (enable | entering_index != 0));
endmodule
