// The register bus: APB4 transfers, and the case's files of them. Part of nmpu_replay.

// What `play` does with the writes of program.txt.
localparam ALL = 0;  // makes them as they are
localparam RELOAD = 1;  // makes those to bank 0, in bank 1
localparam AFFINE = 2;  // of these the affine correction alone

reg ready, refused;
reg [31:0] read;
integer writes, spent;  // of the last `play`: transfers, clocks
integer reads;  // of the last `check`

// The bus's answer in this clock.
task answer;
  begin
    ready = apb_pready;
    refused = apb_pslverr;
    read = apb_prdata;
  end
endtask

// Two clocks, unless PREADY makes it wait.
task transfer(input write, input [31:0] address, input [31:0] data);
  integer waited;
  begin
    apb_psel = 1;
    apb_penable = 0;
    apb_pwrite = write;
    apb_paddr = address;
    apb_pwdata = data;
    tick;
    apb_penable = 1;
    tick;
    for (waited = 0; ready !== 1'b1 && waited < PATIENCE; waited = waited + 1) tick;
    apb_psel = 0;
    apb_penable = 0;
    if (ready !== 1'b1 || refused !== 1'b0)
      `PROBLEM(("%0s: %0s address %h: PREADY %b, PSLVERR %b", name, write ? "write to" : "read from", address, ready,
                refused))
  end
endtask

task play(input integer kind);
  integer file, letter;
  reg [31:0] address, data, place;
  begin
    writes = 0;
    spent = clocks;
    open("program.txt", file);
    letter = $fgetc(file);
    while (letter != -1) begin
      if (letter == "w") begin
        if ($fscanf(file, "%h %h", address, data) != 2) give_up;
        place = address - `NMPU_BANK_0;
        if (kind == ALL || place < `NMPU_BANK_STRIDE && (kind == RELOAD || place - `NMPU_AFFINE < `NMPU_AFFINE_BYTES))
        begin
          transfer(1, kind == ALL ? address : address + `NMPU_BANK_STRIDE, data);
          writes = writes + 1;
        end
      end else if (letter != "#") give_up;
      next_line(file, letter);
    end
    $fclose(file);
    spent = clocks - spent;
  end
endtask

task check;
  integer file, letter;
  reg [31:0] address, data;
  reg [8*64-1:0] register;
  begin
    reads = 0;
    open("check.txt", file);
    letter = $fgetc(file);
    while (letter != -1) begin
      if (letter == "r") begin
        if ($fscanf(file, "%h %h # %s", address, data, register) != 3) give_up;
        transfer(0, address, 0);
        reads = reads + 1;
        if (read !== data) `PROBLEM(("%0s: register %0s: got %h, expected %h", name, register, read, data))
      end else if (letter != "#") give_up;
      next_line(file, letter);
    end
    $fclose(file);
    if (reads == 0) give_up;
  end
endtask
