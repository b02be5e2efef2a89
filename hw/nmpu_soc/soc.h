/* The address map of soc.v, and the bus that the host program needs. */
#ifndef SOC_H
#define SOC_H

#include <stdint.h>

#define SOC_VECTORS 64u /* the parameter VECTORS */

#define SOC_NMPU 0x00000000u

#define SOC_ADC_START 0x01000000u
#define SOC_ADC_LEFT 0x01000004u
#define SOC_ADC_MVM_CLOCKS 0x01000008u
#define SOC_ADC_ELAPSED 0x0100000cu

#define SOC_BUFFER_FILLED 0x02000000u
#define SOC_BUFFER_RELEASE 0x02000004u
#define SOC_BUFFER_PAUSE 0x02000008u
#define SOC_BUFFER_LAYOUT 0x0200000cu
#define SOC_BUFFER_CODES 0x02800000u

#ifdef __cplusplus
extern "C" {
#endif

/* One APB transfer of 32 bits; returns 0, or 1 where it is answered with PSLVERR. */
int bus_write(uint32_t address, uint32_t data);
int bus_read(uint32_t address, uint32_t *data);

#ifdef __cplusplus
}
#endif

#endif
