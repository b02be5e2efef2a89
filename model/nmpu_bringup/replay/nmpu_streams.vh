// The three streams: vectors in, beats out. Part of nmpu_replay.

reg streaming, adc_taken, rx_taken, hung;
integer limit, adc_sent, rx_sent, beats;  // vectors to send; what is done of it
integer adc_pause, rx_pause, quiet;  // clocks
integer adc_paused, rx_paused, out_paused;  // clocks, over all cases, in which a pause held something up
integer started, ended;  // the clocks of the first vector's offer and of the last beat
reg [31:0] noise;

// Sends `count` vectors from now on: those of the case, round and round.
task stream(input integer count);
  begin
    limit = count;
    adc_sent = 0;
    rx_sent = 0;
    beats = 0;
    adc_pause = 0;
    rx_pause = 0;
    quiet = 0;
    started = -1;
    ended = -1;
    hung = 0;
    streaming = 1;
  end
endtask

task stop;
  begin
    stream(0);
    streaming = 0;
  end
endtask

// What happens on the streams in this clock.
task sample;
  begin
    adc_taken = adc_valid && adc_ready;
    rx_taken = rx_valid && rx_ready;
    quiet = quiet + 1;
    if (adc_pause != 0 && adc_sent < limit) adc_paused = adc_paused + 1;
    if (rx_pause != 0 && rx_ready) rx_paused = rx_paused + 1;
    if (!out_ready && out_valid) out_paused = out_paused + 1;
    if (!rst) begin
      if ((^{adc_ready, rx_ready, out_valid, busy, active_bank}) === 1'bx)
        `PROBLEM(("%0s: adc_ready, rx_ready, out_valid, busy, active_bank are %b", name,
                  {adc_ready, rx_ready, out_valid, busy, active_bank}))
      if (out_valid !== 1'b0 && out_ready) take;
      if (beats < limit * GROUPS && quiet == PATIENCE) begin
        `PROBLEM(("%0s: hangs: no beat of out for %0d clocks, after %0d beats", name, PATIENCE, beats))
        hung = 1;
      end
    end
  end
endtask

task take;
  reg [`NMPU_OUT_BITS-1:0] wanted;
  begin
    quiet = 0;
    ended = clocks;
    if (dump != 0) $fdisplay(dump, "%h", out_payload);
    if (beats >= limit * GROUPS) `PROBLEM(("%0s: a beat too many on out: %h", name, out_payload))
    else begin
      wanted = out[beats%(vectors*GROUPS)];
      if (out_payload !== wanted) begin
        if (problems == 0) locate(wanted);
        problems = problems + 1;
      end
    end
    beats = beats + 1;
  end
endtask

// Says where the beat on out differs first.
task locate(input [`NMPU_OUT_BITS-1:0] wanted);
  integer lane;
  reg found;
  begin
    $write("%0s: vector %0d, group %0d, ", name, beats / GROUPS % vectors, beats % GROUPS);
    found = 0;
    for (lane = 0; lane < `NMPU_LANES; lane = lane + 1)
      if (!found && out_payload[lane*`NMPU_CODE_BITS+:`NMPU_CODE_BITS] !== wanted[lane*`NMPU_CODE_BITS+:`NMPU_CODE_BITS])
      begin
        found = 1;
        $display("lane %0d, column %0d: got %h, expected %h", lane, beats % GROUPS * `NMPU_LANES + lane,
                 out_payload[lane*`NMPU_CODE_BITS+:`NMPU_CODE_BITS], wanted[lane*`NMPU_CODE_BITS+:`NMPU_CODE_BITS]);
      end
    if (!found)
      $display("last, first: got %b, expected %b", out_payload[`NMPU_OUT_BITS-1-:2], wanted[`NMPU_OUT_BITS-1-:2]);
  end
endtask

// The inputs of the next clock.
task drive;
  begin
    repeat (16) noise = noise >> 1 ^ (noise[0] ? 32'h80200003 : 32'h0);  // a Galois LFSR of full length
    if (adc_taken) begin
      adc_sent = adc_sent + 1;
      adc_pause = stalls && noise[3] ? noise[2:0] : 0;
    end else if (adc_pause != 0) adc_pause = adc_pause - 1;
    if (rx_taken) begin
      rx_sent = rx_sent + 1;
      rx_pause = stalls && noise[6] ? noise[5:4] : 0;
    end else if (rx_pause != 0) rx_pause = rx_pause - 1;
    adc_valid = streaming && adc_sent < limit && adc_pause == 0;
    rx_valid = streaming && rx_on != 0 && rx_sent < limit * GROUPS && rx_pause == 0;
    out_ready = !stalls || noise[7] || noise[8];
    // A payload that is not valid must not matter.
    adc_payload = adc_valid ? adc[adc_sent%vectors] : {`NMPU_ADC_BITS{1'bx}};
    rx_payload = rx_valid ? rx[rx_sent%(vectors*GROUPS)] : {`NMPU_RX_BITS{1'bx}};
    adc_taken = 0;
    rx_taken = 0;
    if (adc_valid && started < 0) started = clocks;
  end
endtask
