/* Derived by derive_coefficients.py; do not edit. */
#pragma once

/* float64 */
#define LN2_HIGH_F64 0x1.62e42fefa39efp-1
#define LN2_LOW_F64 0x1.abc9e3b39803fp-56
#define PI_HIGH_F64 0x1.921fb54442d18p+1
#define PI_LOW_F64 0x1.1a62633145c07p-53
/* (2 atanh(s) - 2 s) / s^3 in powers of z = s^2, z <= ((sqrt(2) - 1) / (sqrt(2) + 1))^2;
   relative error 2^-59.48 */
#define LOG_F64_0 0x1.5555555555592p-1
#define LOG_F64_1 0x1.999999997ff19p-2
#define LOG_F64_2 0x1.24924941e155ap-2
#define LOG_F64_3 0x1.c71c521451270p-3
#define LOG_F64_4 0x1.74663ced59b6dp-3
#define LOG_F64_5 0x1.39a1e8d0fc765p-3
#define LOG_F64_6 0x1.2f03b93b43f72p-3
/* (sin(pi t) / t - pi) / t^2 in powers of q = t^2, q <= 1/16;
   relative error 2^-57.91 */
#define SIN_F64_0 -0x1.4abbce625be46p+2
#define SIN_F64_1 0x1.466bc67758c4cp+1
#define SIN_F64_2 -0x1.32d2cce31bf04p-1
#define SIN_F64_3 0x1.507830034713cp-4
#define SIN_F64_4 -0x1.e3008fad45f61p-8
#define SIN_F64_5 0x1.e3fbe3c574893p-12
/* (cos(pi t) - 1) / t^2 in powers of q = t^2, q <= 1/16;
   relative error 2^-61.47 */
#define COS_F64_0 -0x1.3bd3cc9be45dep+2
#define COS_F64_1 0x1.03c1f081b5a52p+2
#define COS_F64_2 -0x1.55d3c7e3bfe56p+0
#define COS_F64_3 0x1.e1f50675b20c9p-3
#define COS_F64_4 -0x1.a6d1e238ee686p-6
#define COS_F64_5 0x1.f9c4adc07a54bp-10
#define COS_F64_6 -0x1.b0345eb4b6ca8p-14

/* float32 */
#define LN2_HIGH_F32 0x1.62e4300000000p-1f
#define LN2_LOW_F32 -0x1.05c6100000000p-29f
#define PI_HIGH_F32 0x1.921fb60000000p+1f
#define PI_LOW_F32 -0x1.777a5c0000000p-24f
/* (2 atanh(s) - 2 s) / s^3 in powers of z = s^2, z <= ((sqrt(2) - 1) / (sqrt(2) + 1))^2;
   relative error 2^-30.2 */
#define LOG_F32_0 0x1.55557a0000000p-1f
#define LOG_F32_1 0x1.995ed60000000p-2f
#define LOG_F32_2 0x1.31e0800000000p-2f
/* (sin(pi t) / t - pi) / t^2 in powers of q = t^2, q <= 1/16;
   relative error 2^-27.89 */
#define SIN_F32_0 -0x1.4abbbe0000000p+2f
#define SIN_F32_1 0x1.465fac0000000p+1f
#define SIN_F32_2 -0x1.2db5ce0000000p-1f
/* (cos(pi t) - 1) / t^2 in powers of q = t^2, q <= 1/16;
   relative error 2^-31.09 */
#define COS_F32_0 -0x1.3bd3cc0000000p+2f
#define COS_F32_1 0x1.03c1b00000000p+2f
#define COS_F32_2 -0x1.55b2b60000000p+0f
#define COS_F32_3 0x1.d4f7ee0000000p-3f
