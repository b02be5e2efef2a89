// The bundle's files. Part of nmpu_replay.

reg [8*256-1:0] list;  // the path of the list of cases
reg [8*512-1:0] path;  // of the file that is read
reg [8*(`NMPU_ADC_BITS/4+256)-1:0] rest;  // of a line

task give_up;
  begin
    $display("FAIL: %0s: is missing, or not as it was written; make the bundle again", path);
    $finish(0);
    #1;  // the simulation ends before this
  end
endtask

// Skips what is left of a line; `letter` is then the first character of the next one, -1 at the end.
task next_line(input integer file, output integer letter);
  begin
    if ($fgets(rest, file) == 0) letter = -1;  // unused, the call would be dropped by Verilator
    else letter = $fgetc(file);
  end
endtask

// A file of the case.
task open(input [8*16-1:0] file_name, output integer file);
  begin
    $sformat(path, "../%0s/%0s", name, file_name);
    file = $fopen(path, "r");
    if (file == 0) give_up;
  end
endtask

task open_list(output integer file);
  begin
    path = list;
    file = $fopen(path, "r");
    if (file == 0) give_up;
  end
endtask

// Reads the next line of the list: folder, vectors, whether rx is on. 0: there is none.
task next_case(input integer file, output reg found);
  integer fields;
  begin
    path = list;
    fields = $fscanf(file, "%s %d %d", name, vectors, rx_on);
    found = fields == 3;
    if (!found && (fields > 0 || !$feof(file))) give_up;
    if (found && (vectors < 1 || vectors > `NMPU_MOST_VECTORS)) give_up;
  end
endtask

task read_vectors;
  begin
    expect_lines("adc.hex", vectors);
    $readmemh(path, adc, 0, vectors - 1);
    if (rx_on != 0) begin
      expect_lines("rx.hex", vectors * GROUPS);
      $readmemh(path, rx, 0, vectors * GROUPS - 1);
    end
    expect_lines("out.hex", vectors * GROUPS);
    $readmemh(path, out, 0, vectors * GROUPS - 1);
  end
endtask

// $readmemh would go on with a truncated file.
task expect_lines(input [8*16-1:0] file_name, input integer lines);
  integer file, letter, left;
  begin
    open(file_name, file);
    left = lines;
    letter = $fgetc(file);
    while (letter != -1) begin
      if (letter != "/") left = left - 1;
      next_line(file, letter);
    end
    $fclose(file);
    if (left != 0) begin
      $display("%0s: has %0d lines, must have %0d", path, lines - left, lines);
      give_up;
    end
  end
endtask

// +dump=FOLDER: starts the case's file, with the comment of out.hex: it says of which configuration and case it is.
task open_dump;
  reg [8*256-1:0] folder;
  integer file;
  begin
    dump = 0;
    if ($value$plusargs("dump=%s", folder)) begin
      $sformat(path, "%0s/%0s/out.hex", folder, name);
      dump = $fopen(path, "w");
      if (dump == 0) begin
        $display("FAIL: %0s: cannot be written; the folder must exist", path);
        $finish(0);
        #1;
      end
      open("out.hex", file);
      if ($fgets(rest, file) != 0) $fwrite(dump, "%0s", rest);
      $fclose(file);
    end
  end
endtask
