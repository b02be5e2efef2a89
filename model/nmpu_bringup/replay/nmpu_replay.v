// Replays the golden vectors of a bundle on the unit (module `nmpu`: RTL or netlist), and judges what comes out.
// Plain Verilog-2005, for any simulator, started in its own folder; README.txt says how.
//
//   +cases=FILE   the cases to replay, instead of all in cases.txt
//   +stall        pseudo-random pauses on adc, rx and out
//   +dump=FOLDER  write the beats of every case to FOLDER/<suite>/<case>/out.hex; the folders must exist
//
// The last line that it prints begins with PASS or FAIL.
`timescale 1ns / 1ps
`include "nmpu_config.vh"

// Says what is wrong, once for each case: PROBLEM(("format", values)).
`define PROBLEM(said) begin if (problems == 0) $display said; problems = problems + 1; end

module nmpu_replay;
  localparam GROUPS = `NMPU_COLUMNS / `NMPU_LANES;
  localparam BEATS = `NMPU_MOST_VECTORS * GROUPS;
  localparam PATIENCE = 1000;  // clocks without a sign of life before the unit counts as hung
  localparam ENDLESS = 1 << 20;  // vectors

  reg clk, rst;
  reg [`NMPU_ADC_BITS-1:0] adc_payload;
  reg adc_valid;
  wire adc_ready;
  reg [`NMPU_RX_BITS-1:0] rx_payload;
  reg rx_valid;
  wire rx_ready;
  wire [`NMPU_OUT_BITS-1:0] out_payload;
  wire out_valid;
  reg out_ready;
  reg apb_psel, apb_penable, apb_pwrite;
  reg [`NMPU_ADDRESS_BITS-1:0] apb_paddr;
  reg [31:0] apb_pwdata;
  wire apb_pready, apb_pslverr;
  wire [31:0] apb_prdata;
  wire active_bank, busy;

  nmpu dut (
      .clk(clk),
`ifdef NMPU_RESET_ASYNC
      .rst_n(!rst),
`else
      .rst(rst),
`endif
`ifdef NMPU_SCAN_ENABLE
      .scan_enable(1'b0),
`endif
      .adc_payload(adc_payload), .adc_valid(adc_valid), .adc_ready(adc_ready),
      .rx_payload(rx_payload), .rx_valid(rx_valid), .rx_ready(rx_ready),
      .out_payload(out_payload), .out_valid(out_valid), .out_ready(out_ready),
      .apb_psel(apb_psel), .apb_penable(apb_penable), .apb_pwrite(apb_pwrite), .apb_paddr(apb_paddr),
      .apb_pwdata(apb_pwdata), .apb_pstrb(4'hf), .apb_pprot(3'h0),
      .apb_pready(apb_pready), .apb_prdata(apb_prdata), .apb_pslverr(apb_pslverr),
      .active_bank(active_bank), .busy(busy)
  );

  // The case: its vectors and answers, its folder <suite>/<case>, and what was wrong with it.
  reg [`NMPU_ADC_BITS-1:0] adc[0:`NMPU_MOST_VECTORS-1];
  reg [`NMPU_RX_BITS-1:0] rx[0:BEATS-1];
  reg [`NMPU_OUT_BITS-1:0] out[0:BEATS-1];
  reg [8*256-1:0] name;
  integer vectors, rx_on, problems;

  integer clocks, dump;
  reg stalls;

  `include "nmpu_files.vh"
  `include "nmpu_streams.vh"
  `include "nmpu_bus.vh"

  // One clock. Inputs change with the falling edge and outputs are read shortly before the rising one: neither the
  // simulator's order of evaluation nor the delays of a netlist's cells matter.
  task tick;
    begin
      #4 answer;
      sample;
      #1 clk = 1;
      #5 clk = 0;
      clocks = clocks + 1;
      drive;
    end
  endtask

  task reset;
    begin
      stop;
      rst = 1;
      tick;
      tick;
      rst = 0;
    end
  endtask

  task replay;
    begin
      read_vectors;
      open_dump;
      reset;
      play(ALL);
      stream(vectors);
      while (beats < vectors * GROUPS && !hung) tick;
      check;
      $write("%0s: %0d writes in %0d clocks, %0d vectors in %0d clocks, %0d registers", name, writes, spent, vectors,
             hung ? 0 : ended - started + 1, reads);
      verdict;
      stop;
      if (dump != 0) $fclose(dump);
      dump = 0;
    end
  endtask

  // Loads the idle bank while vectors flow, and goes over to it.
  task reload;
    integer all_writes, all_spent;
    begin
      reset;
      play(ALL);
      stream(ENDLESS);
      play(RELOAD);
      all_writes = writes;
      all_spent = spent;
      play(AFFINE);
      $display("%0s: idle bank loaded in %0d writes, %0d clocks; its affine correction alone in %0d writes, %0d clocks",
               name, all_writes, all_spent, writes, spent);
      transfer(1, `NMPU_CTRL, `NMPU_CTRL_BANK_1);
      limit = adc_sent + 1 + vectors;  // the vector on offer, and all of them with the other bank
      while (beats < limit * GROUPS && !hung) tick;
      if (active_bank !== 1'b1) `PROBLEM(("%0s: active_bank is %b after the swap", name, active_bank))
      $write("%0s: %0d vectors meanwhile and after the swap", name, limit);
      verdict;
      stop;
    end
  endtask

  task verdict;
    begin
      if (problems == 0) $display(": ok");
      else begin
        $display(": WRONG, %0d times", problems);
        failed = failed + 1;
      end
    end
  endtask

  integer cases, failed, file;
  reg found;

  initial begin
    clk = 0;
    clocks = 0;
    dump = 0;
    cases = 0;
    failed = 0;
    problems = 0;
    noise = 1;
    adc_paused = 0;
    rx_paused = 0;
    out_paused = 0;
    stalls = $test$plusargs("stall");
    if (!$value$plusargs("cases=%s", list)) list = "cases.txt";
    name = "config_hash";
    reset;
    transfer(0, `NMPU_CONFIG_HASH, 0);
    if (read !== `NMPU_CONFIG_HASH_VALUE)
      `PROBLEM(("%0s: is %h, these vectors are for %h (%0s)", name, read, `NMPU_CONFIG_HASH_VALUE, `NMPU_NAME))
    if (problems != 0) begin
      $display("FAIL: the first register read");
      $finish(0);
      #1;
    end
    open_list(file);
    next_case(file, found);
    while (found) begin
      problems = 0;
      replay;
      if (cases == 0 && problems == 0) reload;
      cases = cases + 1;
      next_case(file, found);
    end
    $fclose(file);
    if (list == "cases.txt" && cases != `NMPU_CASES)
      $display("FAIL: cases.txt has %0d cases, the bundle has %0d", cases, `NMPU_CASES);
    else if (failed != 0 || cases == 0) $display("FAIL: %0d of %0d cases", failed, cases);
    else if (stalls)
      $display("PASS: %0d cases, %0d clocks; paused: adc %0d, rx %0d, out %0d clocks", cases, clocks, adc_paused,
               rx_paused, out_paused);
    else $display("PASS: %0d cases, %0d clocks", cases, clocks);
    $finish(0);
  end
endmodule
