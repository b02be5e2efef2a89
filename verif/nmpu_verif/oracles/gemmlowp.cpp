// The functions of gemmlowp's headers, over arrays. Nothing of what they compute is written here.
#include <cstddef>
#include <cstdint>

#include <gemmlowp/fixedpoint/fixedpoint.h>
// Before output.h, which needs it and does not include it.
#include <gemmlowp/public/map.h>

#include <gemmlowp/internal/output.h>
#include <gemmlowp/public/output_stages.h>

namespace {

using Integers = gemmlowp::RegisterBuffer<std::int32_t, 1>;

template <typename Stage, typename Buffer>
auto through(const Stage& stage, const Buffer& value) {
    return gemmlowp::OutputStageEvalBufferImpl<Stage, Buffer>(stage).Eval(value);
}

}  // namespace

extern "C" {

void high_mul(const std::int32_t* a, const std::int32_t* b, std::int32_t* out, std::size_t count) {
    for (std::size_t i = 0; i < count; i++) out[i] = gemmlowp::SaturatingRoundingDoublingHighMul(a[i], b[i]);
}

void divide_by_pot(const std::int32_t* x, std::int32_t exponent, std::int32_t* out, std::size_t count) {
    for (std::size_t i = 0; i < count; i++) out[i] = gemmlowp::RoundingDivideByPOT(x[i], exponent);
}

// The output pipeline "quantise down, saturating cast".
void quantise_down(const std::int32_t* x, std::int32_t offset, std::int32_t multiplier, std::int32_t shift,
                   std::int32_t is_signed, std::int32_t* out, std::size_t count) {
    const gemmlowp::OutputStageQuantizeDownInt32ToUint8Scale down{offset, multiplier, shift};
    for (std::size_t i = 0; i < count; i++) {
        Integers value;
        value.reg[0] = x[i];
        const Integers result = through(down, value);
        out[i] = is_signed ? through(gemmlowp::OutputStageSaturatingCastToInt8{}, result).reg[0]
                           : through(gemmlowp::OutputStageSaturatingCastToUint8{}, result).reg[0];
    }
}

}  // extern "C"
