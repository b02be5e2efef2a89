/* What the host program is given: two layers, runs, and the codes that the golden model answers. */
#ifndef HOST_H
#define HOST_H

#include <stdint.h>

typedef struct {
    uint32_t offset; /* from the first register of a bank */
    uint32_t data;
} host_write_t;

typedef struct {
    const char *name;
    uint32_t mvm_clocks; /* that an MVM takes */
    uint32_t pause;      /* clocks that the output buffer rests after each beat */
    int swap;            /* load layer 1 into bank 1 while vectors flow, and go over to it */
} host_run_t;

extern const uint32_t host_writes; /* of one layer */
extern const host_write_t *const host_layer[2];
/* The codes that each layer makes of the SOC_VECTORS vectors of a run: vector by vector, column by column. */
extern const uint8_t *const host_expected[2];
extern const uint32_t host_runs;
extern const host_run_t host_run[];

#endif
