// One APB requester, several completers, by address; combinational.
//
// Completer i owns 2**ADDRESS_BITS[i] bytes from BASES[i], which is a multiple of them. PWRITE, PWDATA, PSTRB, PPROT,
// PENABLE and the low bits of PADDR go from the requester to every completer directly. An access to an address that
// nobody owns ends at once with PSLVERR and reads 0.

module apb_interconnect #(
    parameter COMPLETERS = 2,
    // 32 bits for each completer, completer 0 lowest
    parameter [32*COMPLETERS-1:0] BASES = {COMPLETERS{32'd0}},
    parameter [32*COMPLETERS-1:0] ADDRESS_BITS = {COMPLETERS{32'd0}}
) (
    input  wire                     psel,
    input  wire                     penable,
    input  wire [31:0]              paddr,
    output reg                      pready,
    output reg  [31:0]              prdata,
    output reg                      pslverr,
    output reg  [COMPLETERS-1:0]    completer_psel,
    input  wire [COMPLETERS-1:0]    completer_pready,
    input  wire [32*COMPLETERS-1:0] completer_prdata,
    input  wire [COMPLETERS-1:0]    completer_pslverr
);
    integer i;

    always @* begin
        completer_psel = {COMPLETERS{1'b0}};
        pready = 1'b1;
        prdata = 32'd0;
        pslverr = psel & penable;
        for (i = 0; i < COMPLETERS; i = i + 1) begin
            if ((paddr ^ BASES[32*i +: 32]) >> ADDRESS_BITS[32*i +: 32] == 32'd0) begin
                completer_psel[i] = psel;
                pready = completer_pready[i];
                prdata = completer_prdata[32*i +: 32];
                pslverr = completer_pslverr[i];
            end
        end
    end
endmodule
