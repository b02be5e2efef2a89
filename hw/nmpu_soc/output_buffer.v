// A ring of vectors behind the stream out, read over APB: behavioural, to be replaced by a DMA or the next tile.
//
//   0x00_0000  filled   R   whole vectors that wait to be read
//   0x00_0004  release  W   n: the n oldest have been read, and their places are free; PSLVERR where n is above filled
//   0x00_0008  pause    RW  clocks for which out_ready stays 0 after each beat; reset: 0
//   0x00_000c  layout   R   [7:0] log2 of the bytes from a group to the next, [15:8] from a vector to the next
//   0x80_0000  codes    R   vector number v since reset is at place v modulo VECTORS; lane i is byte i of its group
//
// While all VECTORS places are full, out_ready is 0. 32 bits, written whole, no wait states. What is refused, and what is
// no place of codes, answers PSLVERR and changes nothing.

module output_buffer #(
    parameter CODES_BITS = 32,  // of one group
    parameter GROUPS = 1,       // of one vector
    parameter VECTORS = 64      // a power of two, at least 2
) (
    input  wire                  clk,
    input  wire                  rst,
    input  wire                  psel,
    input  wire                  penable,
    input  wire                  pwrite,
    input  wire [23:0]           paddr,
    input  wire [31:0]           pwdata,
    input  wire [3:0]            pstrb,
    output wire                  pready,
    output reg  [31:0]           prdata,
    output wire                  pslverr,
    input  wire                  out_valid,
    output wire                  out_ready,
    input  wire [CODES_BITS-1:0] out_codes,
    input  wire                  out_first,
    input  wire                  out_last
);
    // Of every address part at least one bit, because Verilog has no vector of none.
    localparam WORD_BITS = CODES_BITS > 64 ? $clog2((CODES_BITS + 31) / 32) : 1;
    localparam GROUP_BITS = GROUPS > 2 ? $clog2(GROUPS) : 1;
    localparam VECTOR_BITS = $clog2(VECTORS);
    localparam GROUP_SHIFT = 2 + WORD_BITS;
    localparam VECTOR_SHIFT = GROUP_SHIFT + GROUP_BITS;
    localparam END_SHIFT = VECTOR_SHIFT + VECTOR_BITS;
    localparam LINE_BITS = 32 << WORD_BITS;
    localparam LAYOUT = VECTOR_SHIFT << 8 | GROUP_SHIFT;
    localparam [VECTOR_BITS:0] FULL = VECTORS;
    localparam [GROUP_BITS-1:0] ONE_GROUP = 1;
    localparam [VECTOR_BITS-1:0] ONE_VECTOR = 1;

    reg [LINE_BITS-1:0]   memory[0:(1 << (VECTOR_BITS + GROUP_BITS))-1];
    reg [VECTOR_BITS-1:0] vector;  // its place is being filled
    reg [GROUP_BITS-1:0]  next_group;
    reg [VECTOR_BITS:0]   filled;
    reg [31:0]            pause, resting;

    assign out_ready = filled != FULL && resting == 32'd0;

    wire taken = out_valid & out_ready;
    wire [GROUP_BITS-1:0] group = out_first ? {GROUP_BITS{1'b0}} : next_group;
    reg  [LINE_BITS-1:0] padded;
    wire [LINE_BITS-1:0] line = memory[paddr[END_SHIFT-1:GROUP_SHIFT]];

    wire in_codes = paddr[23:END_SHIFT] == {1'b1, {(23 - END_SHIFT){1'b0}}};
    wire release_some = paddr == 24'h4 && pwdata <= {{(31 - VECTOR_BITS){1'b0}}, filled};
    wire set_pause = paddr == 24'h8;
    wire can_read = paddr == 24'h0 || paddr == 24'h8 || paddr == 24'hc || (in_codes && paddr[1:0] == 2'd0);
    wire refused = pwrite ? !(&pstrb && (release_some || set_pause)) : !can_read;
    wire write = psel & penable & pwrite & ~refused;

    assign pready = 1'b1;
    assign pslverr = psel & penable & refused;

    always @* begin
        padded = {LINE_BITS{1'b0}};
        padded[CODES_BITS-1:0] = out_codes;
    end

    always @* begin
        if (in_codes) prdata = line[{paddr[GROUP_SHIFT-1:2], 5'd0} +: 32];
        else case (paddr)
            24'h0: prdata = {{(31 - VECTOR_BITS){1'b0}}, filled};
            24'h8: prdata = pause;
            24'hc: prdata = LAYOUT;
            default: prdata = 32'd0;
        endcase
    end

    always @(posedge clk) begin
        if (resting != 32'd0) resting <= resting - 32'd1;
        if (taken) begin
            memory[{vector, group}] <= padded;
            next_group <= group + ONE_GROUP;
            resting <= pause;
            if (out_last) vector <= vector + ONE_VECTOR;
        end
        filled <= filled + {{VECTOR_BITS{1'b0}}, taken & out_last}
                  - (write && release_some ? pwdata[VECTOR_BITS:0] : {(VECTOR_BITS + 1){1'b0}});
        if (write && set_pause) pause <= pwdata;
        if (rst) begin
            vector <= {VECTOR_BITS{1'b0}};
            filled <= {(VECTOR_BITS + 1){1'b0}};
            pause <= 32'd0;
            resting <= 32'd0;
        end
    end
endmodule
