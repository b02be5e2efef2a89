// The tile's ADCs, as the unit sees them: behavioural, to be replaced by the tile.
//
// A started MVM takes mvm_clocks clocks. Its codes, a line of FILE, then move to a register that offers them on the
// stream adc until they are taken; meanwhile the next MVM is under way. It waits where the register is still full.
//
//   0x0  start       W   n, 1 to VECTORS: run n MVMs, with the first n lines of FILE; PSLVERR while any is left
//   0x4  left        R   MVMs whose codes are not taken yet; 0: idle
//   0x8  mvm_clocks  RW  at least 1 (0 answers PSLVERR); reset: 1
//   0xc  elapsed     R   clocks from the first codes' being taken to the last codes', of the last start
//
// 32 bits, written whole, no wait states. What is refused changes nothing.

module adc_array #(
    parameter BITS = 8,
    parameter VECTORS = 64,  // a power of two, at least 2
    parameter FILE = "adc.hex"
) (
    input  wire            clk,
    input  wire            rst,
    input  wire            psel,
    input  wire            penable,
    input  wire            pwrite,
    input  wire [3:0]      paddr,
    input  wire [31:0]     pwdata,
    input  wire [3:0]      pstrb,
    output wire            pready,
    output reg  [31:0]     prdata,
    output wire            pslverr,
    output reg             adc_valid,
    input  wire            adc_ready,
    output reg  [BITS-1:0] adc_payload
);
    localparam INDEX_BITS = $clog2(VECTORS);
    localparam [31:0] MOST = VECTORS;
    localparam [INDEX_BITS-1:0] NEXT = 1;

    reg [BITS-1:0] memory[0:VECTORS-1];
    initial $readmemh(FILE, memory);

    reg [INDEX_BITS-1:0] index;      // of the MVM under way
    reg [31:0] begun, left;          // MVMs that did not reach the register; codes that are not taken
    reg [31:0] mvm_clocks, timer;    // timer: clocks that the MVM under way still needs
    reg [31:0] elapsed;
    reg        timing;

    wire taken = adc_valid & adc_ready;
    wire converted = begun != 32'd0 && timer == 32'd0 && (!adc_valid || taken);

    wire start = paddr == 4'h0 && left == 32'd0 && pwdata != 32'd0 && pwdata <= MOST;
    wire set_clocks = paddr == 4'h8 && pwdata != 32'd0;
    wire refused = pwrite ? !(&pstrb && (start || set_clocks)) : paddr[1:0] != 2'd0 || paddr == 4'h0;
    wire write = psel & penable & pwrite & ~refused;

    assign pready = 1'b1;
    assign pslverr = psel & penable & refused;

    always @* begin
        case (paddr)
            4'h4: prdata = left;
            4'h8: prdata = mvm_clocks;
            4'hc: prdata = elapsed;
            default: prdata = 32'd0;
        endcase
    end

    always @(posedge clk) begin
        if (timer != 32'd0) timer <= timer - 32'd1;
        if (converted) begin
            adc_payload <= memory[index];
            index <= index + NEXT;
            begun <= begun - 32'd1;
            timer <= mvm_clocks - 32'd1;
        end
        adc_valid <= converted | (adc_valid & ~taken);
        if (taken) begin
            left <= left - 32'd1;
            timing <= 1'b1;
        end
        if (timing && left != 32'd0) elapsed <= elapsed + 32'd1;
        if (write && set_clocks) mvm_clocks <= pwdata;
        if (write && start) begin
            index <= {INDEX_BITS{1'b0}};
            begun <= pwdata;
            left <= pwdata;
            timer <= mvm_clocks - 32'd1;
            elapsed <= 32'd0;
            timing <= 1'b0;
        end
        if (rst) begin
            adc_valid <= 1'b0;
            begun <= 32'd0;
            left <= 32'd0;
            mvm_clocks <= 32'd1;
            timer <= 32'd0;
            elapsed <= 32'd0;
            timing <= 1'b0;
        end
    end
endmodule
