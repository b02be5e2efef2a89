// bus_read and bus_write on Verilator's model of soc: each call is one APB4 transfer on its pins.

#include <cstdint>

#include "Vsoc.h"
#include "soc.h"
#include "verilated.h"

namespace {

class Bus {
public:
    Bus() : soc(&context) {
        context.randReset(2);  // registers start at random, as in silicon
        context.randSeed(1);
        soc.clk = 0;
        soc.apb_psel = 0;
        soc.apb_penable = 0;
        soc.apb_pprot = 0;
        soc.apb_pstrb = 0xf;
        soc.rx_valid = 0;
        soc.rst = 1;
        tick();
        tick();
        soc.rst = 0;
    }

    // PSLVERR; `data` is written, or what was read.
    bool transfer(uint32_t address, bool write, uint32_t &data) {
        soc.apb_psel = 1;
        soc.apb_pwrite = write;
        soc.apb_paddr = address;
        if (write) soc.apb_pwdata = data;
        tick();
        soc.apb_penable = 1;
        soc.eval();
        while (!soc.apb_pready) tick();
        if (!write) data = soc.apb_prdata;
        const bool refused = soc.apb_pslverr;
        tick();
        soc.apb_psel = 0;
        soc.apb_penable = 0;
        return refused;
    }

private:
    VerilatedContext context;
    Vsoc soc;

    void tick() {
        soc.eval();
        soc.clk = 1;
        soc.eval();
        soc.clk = 0;
        soc.eval();
    }
};

Bus &bus() {
    static Bus only;
    return only;
}

}  // namespace

int bus_write(uint32_t address, uint32_t data) { return bus().transfer(address, true, data); }
int bus_read(uint32_t address, uint32_t *data) { return bus().transfer(address, false, *data); }
