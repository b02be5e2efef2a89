// A minimal system on chip around the unit: one APB port in, the ADCs before the unit, a buffer behind it.
//
//   0x0000_0000   nmpu           the unit's registers: nmpu_registers.h
//   0x0100_0000   adc_array
//   0x0200_0000   output_buffer
//
// Every other address answers PSLVERR. One clock; rst is synchronous and active high, also for a unit with rst_n.
// nmpu_parameters.vh is handed over with the unit and says what its ports are like.

`include "nmpu_parameters.vh"

module soc #(
    parameter VECTORS = 64,         // that the ADCs have codes for, and the buffer has room for: a power of two
    parameter ADC_FILE = "adc.hex"  // one line for each vector: the unit's adc_payload
) (
    input  wire        clk,
    input  wire        rst,
    input  wire        apb_psel,
    input  wire        apb_penable,
    input  wire        apb_pwrite,
    input  wire [31:0] apb_paddr,
    input  wire [31:0] apb_pwdata,
    input  wire [3:0]  apb_pstrb,
    input  wire [2:0]  apb_pprot,
    output wire        apb_pready,
    output wire [31:0] apb_prdata,
    output wire        apb_pslverr,
    // Residual codes or partial sums: from another tile's out.
    input  wire        rx_valid,
    output wire        rx_ready,
    input  wire [`NMPU_RX_BITS-1:0] rx_payload,
    output wire        active_bank,
    output wire        busy
);
    wire nmpu_psel, nmpu_pready, nmpu_pslverr;
    wire adc_psel, adc_pready, adc_pslverr;
    wire buffer_psel, buffer_pready, buffer_pslverr;
    wire [31:0] nmpu_prdata, adc_prdata, buffer_prdata;

    apb_interconnect #(
        .COMPLETERS(3),
        .BASES({32'h0200_0000, 32'h0100_0000, 32'h0000_0000}),
        .ADDRESS_BITS({32'd24, 32'd4, 32'd`NMPU_ADDRESS_BITS})
    ) bus (
        .psel(apb_psel),
        .penable(apb_penable),
        .paddr(apb_paddr),
        .pready(apb_pready),
        .prdata(apb_prdata),
        .pslverr(apb_pslverr),
        .completer_psel({buffer_psel, adc_psel, nmpu_psel}),
        .completer_pready({buffer_pready, adc_pready, nmpu_pready}),
        .completer_prdata({buffer_prdata, adc_prdata, nmpu_prdata}),
        .completer_pslverr({buffer_pslverr, adc_pslverr, nmpu_pslverr})
    );

    wire adc_valid, adc_ready;
    wire [`NMPU_ADC_BITS-1:0] adc_payload;

    adc_array #(
        .BITS(`NMPU_ADC_BITS),
        .VECTORS(VECTORS),
        .FILE(ADC_FILE)
    ) adcs (
        .clk(clk),
        .rst(rst),
        .psel(adc_psel),
        .penable(apb_penable),
        .pwrite(apb_pwrite),
        .paddr(apb_paddr[3:0]),
        .pwdata(apb_pwdata),
        .pstrb(apb_pstrb),
        .pready(adc_pready),
        .prdata(adc_prdata),
        .pslverr(adc_pslverr),
        .adc_valid(adc_valid),
        .adc_ready(adc_ready),
        .adc_payload(adc_payload)
    );

    wire out_valid, out_ready;
    wire [`NMPU_OUT_BITS-1:0] out_payload;

    nmpu unit (
        .clk(clk),
`ifdef NMPU_RESET_ASYNC
        .rst_n(~rst),
`else
        .rst(rst),
`endif
`ifdef NMPU_SCAN_ENABLE
        .scan_enable(1'b0),
`endif
        .apb_psel(nmpu_psel),
        .apb_penable(apb_penable),
        .apb_pwrite(apb_pwrite),
        .apb_paddr(apb_paddr[`NMPU_ADDRESS_BITS-1:0]),
        .apb_pwdata(apb_pwdata),
        .apb_pstrb(apb_pstrb),
        .apb_pprot(apb_pprot),
        .apb_pready(nmpu_pready),
        .apb_prdata(nmpu_prdata),
        .apb_pslverr(nmpu_pslverr),
        .adc_valid(adc_valid),
        .adc_ready(adc_ready),
        .adc_payload(adc_payload),
        .rx_valid(rx_valid),
        .rx_ready(rx_ready),
        .rx_payload(rx_payload),
        .out_valid(out_valid),
        .out_ready(out_ready),
        .out_payload(out_payload),
        .active_bank(active_bank),
        .busy(busy)
    );

    output_buffer #(
        .CODES_BITS(`NMPU_OUT_BITS - 2),
        .GROUPS(`NMPU_COLUMNS / `NMPU_LANES),
        .VECTORS(VECTORS)
    ) codes (
        .clk(clk),
        .rst(rst),
        .psel(buffer_psel),
        .penable(apb_penable),
        .pwrite(apb_pwrite),
        .paddr(apb_paddr[23:0]),
        .pwdata(apb_pwdata),
        .pstrb(apb_pstrb),
        .pready(buffer_pready),
        .prdata(buffer_prdata),
        .pslverr(buffer_pslverr),
        .out_valid(out_valid),
        .out_ready(out_ready),
        .out_codes(out_payload[`NMPU_OUT_BITS-3:0]),
        .out_first(out_payload[`NMPU_OUT_BITS-2]),
        .out_last(out_payload[`NMPU_OUT_BITS-1])
    );
endmodule
