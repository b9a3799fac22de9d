"""Coefficients of the twins, derived by ``_kernels/derive_coefficients.py``; do not edit."""

RECIPROCAL_LN2_F64 = float.fromhex("0x1.71547652b82fep+0")
LN2_HIGH_F64 = float.fromhex("0x1.62e42fefa39efp-1")
LN2_LOW_F64 = float.fromhex("0x1.abc9e3b39803fp-56")
PI_HIGH_F64 = float.fromhex("0x1.921fb54442d18p+1")
PI_LOW_F64 = float.fromhex("0x1.1a62633145c07p-53")
SQRT_2PI_HIGH_F64 = float.fromhex("0x1.40d931ff62706p+1")
SQRT_2PI_LOW_F64 = float.fromhex("-0x1.a6a0d6f814637p-53")
RECIPROCAL_SQRT_2PI_HIGH_F64 = float.fromhex("0x1.9884533d43651p-2")
RECIPROCAL_SQRT_2PI_LOW_F64 = float.fromhex("-0x1.cbc0d30ebfd15p-56")
HALF_LN_2PI_HIGH_F64 = float.fromhex("0x1.d67f1c864beb5p-1")
HALF_LN_2PI_LOW_F64 = float.fromhex("-0x1.65b5a1b7ff5dfp-55")
INVERSION_PIVOT_F64 = float.fromhex("0x1.2e00000000000p-2")
INVERSION_AT_PIVOT_F64 = float.fromhex("0x1.ac0d69185794bp+0")

# (2 atanh(s) - 2 s) / s^3 in powers of z = s^2, z <= ((sqrt(2) - 1) / (sqrt(2) + 1))^2;
# relative error 2^-59.48
LOG_F64 = (
    float.fromhex("0x1.5555555555592p-1"),
    float.fromhex("0x1.999999997ff19p-2"),
    float.fromhex("0x1.24924941e155ap-2"),
    float.fromhex("0x1.c71c521451270p-3"),
    float.fromhex("0x1.74663ced59b6dp-3"),
    float.fromhex("0x1.39a1e8d0fc765p-3"),
    float.fromhex("0x1.2f03b93b43f72p-3"),
)

# (sin(pi t) / t - pi) / t^2 in powers of q = t^2, q <= 1/16;
# relative error 2^-57.91
SIN_F64 = (
    float.fromhex("-0x1.4abbce625be46p+2"),
    float.fromhex("0x1.466bc67758c4cp+1"),
    float.fromhex("-0x1.32d2cce31bf04p-1"),
    float.fromhex("0x1.507830034713cp-4"),
    float.fromhex("-0x1.e3008fad45f61p-8"),
    float.fromhex("0x1.e3fbe3c574893p-12"),
)

# (cos(pi t) - 1) / t^2 in powers of q = t^2, q <= 1/16;
# relative error 2^-61.47
COS_F64 = (
    float.fromhex("-0x1.3bd3cc9be45dep+2"),
    float.fromhex("0x1.03c1f081b5a52p+2"),
    float.fromhex("-0x1.55d3c7e3bfe56p+0"),
    float.fromhex("0x1.e1f50675b20c9p-3"),
    float.fromhex("-0x1.a6d1e238ee686p-6"),
    float.fromhex("0x1.f9c4adc07a54bp-10"),
    float.fromhex("-0x1.b0345eb4b6ca8p-14"),
)

# (exp(s) - 1 - s) / s^2 in powers of s, |s| <= ln(2) / 2;
# relative error 2^-61.1
EXP_F64 = (
    float.fromhex("0x1.0000000000000p-1"),
    float.fromhex("0x1.5555555555557p-3"),
    float.fromhex("0x1.5555555555530p-5"),
    float.fromhex("0x1.111111110ff99p-7"),
    float.fromhex("0x1.6c16c16c269f0p-10"),
    float.fromhex("0x1.a01a01ac58f1dp-13"),
    float.fromhex("0x1.a01a014e16e72p-16"),
    float.fromhex("0x1.71de013236910p-19"),
    float.fromhex("0x1.27e5a601bc3c1p-22"),
    float.fromhex("0x1.af4f7e00142c3p-26"),
    float.fromhex("0x1.1e2a083084fa1p-29"),
)

# (y + 4) exp(y^2 / 2) Phi(-y) in powers of t = (y - 4) / (y + 4), y <= 45, in float32 y <= 15;
# relative error 2^-57.49
TAIL_F64 = (
    float.fromhex("0x1.82b4bb8c94dcep-1"),
    float.fromhex("-0x1.373e3a893c28ap-1"),
    float.fromhex("0x1.8c6dbf2cfc2bap-2"),
    float.fromhex("-0x1.7dff2bff683b9p-3"),
    float.fromhex("0x1.eec4cc3e4c87ap-5"),
    float.fromhex("-0x1.ee27610476847p-8"),
    float.fromhex("-0x1.c81719d46d956p-9"),
    float.fromhex("0x1.ab825fbef2c12p-10"),
    float.fromhex("0x1.17a4ad9637e81p-13"),
    float.fromhex("-0x1.e4a424f14a8fep-13"),
    float.fromhex("-0x1.001d529e25c5fp-19"),
    float.fromhex("0x1.26d0914262e7fp-15"),
    float.fromhex("0x1.80a1568e757f6p-21"),
    float.fromhex("-0x1.8d4a910130c33p-18"),
    float.fromhex("-0x1.51b88e4242c5fp-21"),
    float.fromhex("0x1.12356f00bc1cep-20"),
    float.fromhex("0x1.22a3194319161p-22"),
    float.fromhex("-0x1.4d12465d72a65p-23"),
    float.fromhex("-0x1.69838c5f21e9fp-24"),
    float.fromhex("0x1.d424b9813b0dfp-27"),
    float.fromhex("0x1.43d1bd60b5951p-26"),
    float.fromhex("0x1.b81a47ab00445p-30"),
    float.fromhex("-0x1.3dfefcc732051p-29"),
    float.fromhex("-0x1.53587500eb246p-31"),
)
TAIL_LOW_F64 = (
    float.fromhex("-0x1.bb7cc93cfde4bp-56"),
    float.fromhex("-0x1.c10f8e97ad66cp-58"),
    float.fromhex("-0x1.25eef87e7485bp-61"),
    float.fromhex("0x1.7950f013dc9c5p-59"),
)

# (x / (1/2 - p) - sqrt(2 pi)) / w in powers of w = -ln(4 p (1 - p)), x = -quantile(p), p >= 2^-7;
# relative error 2^-57.38
QUANTILE_CENTRE_F64 = (
    float.fromhex("0x1.4ffddeaa22dcbp-1"),
    float.fromhex("0x1.0b9a8ec5b5d03p-5"),
    float.fromhex("-0x1.b0d7e3696adebp-8"),
    float.fromhex("-0x1.7bc0e3253fb1bp-12"),
    float.fromhex("0x1.147b7be1a0b77p-13"),
    float.fromhex("0x1.7f6b6bf312c2fp-18"),
    float.fromhex("-0x1.80650e5999b62p-19"),
    float.fromhex("-0x1.c4c5da4f8201bp-24"),
    float.fromhex("0x1.146d936e30549p-24"),
    float.fromhex("0x1.36892ad04f27bp-29"),
    float.fromhex("-0x1.b50a473bdfc72p-30"),
    float.fromhex("0x1.8deaae56bd55dp-36"),
    float.fromhex("0x1.c88f68999f93fp-40"),
    float.fromhex("0x1.c874e5c3a6c6dp-37"),
    float.fromhex("-0x1.178db3389f2f0p-38"),
    float.fromhex("0x1.327ab741b46c1p-41"),
    float.fromhex("-0x1.59d435b27ea2bp-45"),
    float.fromhex("0x1.4a9d8491c3e44p-50"),
)
QUANTILE_CENTRE_LOW_F64 = (float.fromhex("0x1.cad04cd59b1c5p-55"),)

# 1 - x / r in powers of t = (r - 6) / (r + 6), r = sqrt(-2 ln p), x = -quantile(p), p <= 2^-7;
# relative error 2^-55.33
QUANTILE_TAIL_F64 = (
    float.fromhex("0x1.3add67f676486p-4"),
    float.fromhex("-0x1.05c84d49edb9fp-2"),
    float.fromhex("0x1.a541ad19aeb9ep-2"),
    float.fromhex("-0x1.03d83e0c34632p-1"),
    float.fromhex("0x1.28dcbdac08f51p-1"),
    float.fromhex("-0x1.44e7b99412459p-1"),
    float.fromhex("0x1.5b724cd387b9ap-1"),
    float.fromhex("-0x1.6ddb534f44768p-1"),
    float.fromhex("0x1.7d7fa95b16c8bp-1"),
    float.fromhex("-0x1.8afa5123f1df6p-1"),
    float.fromhex("0x1.96e1f12e4c0a2p-1"),
    float.fromhex("-0x1.a17a91fb4f6dbp-1"),
    float.fromhex("0x1.ab0e0cc961f58p-1"),
    float.fromhex("-0x1.b3bd1c3a5dd0cp-1"),
    float.fromhex("0x1.bbaaed8c8871ep-1"),
    float.fromhex("-0x1.c30612bb6c297p-1"),
    float.fromhex("0x1.ca522b9c9379bp-1"),
    float.fromhex("-0x1.d1443aa394537p-1"),
    float.fromhex("0x1.d49741765a4ebp-1"),
    float.fromhex("-0x1.d2564c4496812p-1"),
    float.fromhex("0x1.d893add1c1e5fp-1"),
    float.fromhex("-0x1.002eeb133e383p+0"),
    float.fromhex("0x1.1cc5d81cacf02p+0"),
    float.fromhex("-0x1.17df5d747b502p+0"),
    float.fromhex("0x1.a585663e2a289p-1"),
    float.fromhex("-0x1.b317df121b2b5p-2"),
    float.fromhex("0x1.0d8e1747f3a2ep-3"),
    float.fromhex("-0x1.2bba4de12d7b3p-6"),
)

# (F(a) - F(pivot)) / (pivot - a), a = 1 - t^2, F = quantile((1 + t) / 2) / t, |t| <= 1 - 2^-6;
# relative error 2^-53.05
INVERSION_NUMERATOR_F64 = (
    float.fromhex("0x1.d5f6a94b7319bp+2"),
    float.fromhex("0x1.6840e64634ea3p+12"),
    float.fromhex("0x1.e5823ee2bfed9p+19"),
    float.fromhex("0x1.d4401fe967c4cp+25"),
    float.fromhex("0x1.88317f63131c5p+30"),
    float.fromhex("0x1.39255f538734dp+34"),
    float.fromhex("0x1.f16efa3cabc4ap+36"),
    float.fromhex("0x1.8c2da669c7b92p+38"),
    float.fromhex("0x1.34d3f536b9405p+39"),
    float.fromhex("0x1.b91ac5d0bb7fbp+38"),
    float.fromhex("0x1.f548e21bfb2b0p+36"),
    float.fromhex("0x1.425811ec87286p+33"),
    float.fromhex("0x1.35e49219068edp+24"),
)
INVERSION_DENOMINATOR_F64 = (
    float.fromhex("0x1.0000000000000p+0"),
    float.fromhex("0x1.0ab85c3566a76p+10"),
    float.fromhex("0x1.c9da39e49be11p+17"),
    float.fromhex("0x1.162b2f895c28ep+24"),
    float.fromhex("0x1.27d6009dc4720p+29"),
    float.fromhex("0x1.31df2a6cbce3bp+33"),
    float.fromhex("0x1.445d6622b1e31p+36"),
    float.fromhex("0x1.6868607fcd5dcp+38"),
    float.fromhex("0x1.a18953768c60fp+39"),
    float.fromhex("0x1.e7ed8a115617fp+39"),
    float.fromhex("0x1.0b41d064177c1p+39"),
    float.fromhex("0x1.d8ec1dfdd38bfp+36"),
    float.fromhex("0x1.d7e53029d8cdep+32"),
)

RECIPROCAL_LN2_F32 = float.fromhex("0x1.7154760000000p+0")
LN2_HIGH_F32 = float.fromhex("0x1.62e4300000000p-1")
LN2_LOW_F32 = float.fromhex("-0x1.05c6100000000p-29")
PI_HIGH_F32 = float.fromhex("0x1.921fb60000000p+1")
PI_LOW_F32 = float.fromhex("-0x1.777a5c0000000p-24")
SQRT_2PI_HIGH_F32 = float.fromhex("0x1.40d9320000000p+1")
SQRT_2PI_LOW_F32 = float.fromhex("-0x1.3b1f4e0000000p-32")
RECIPROCAL_SQRT_2PI_HIGH_F32 = float.fromhex("0x1.9884540000000p-2")
RECIPROCAL_SQRT_2PI_LOW_F32 = float.fromhex("-0x1.8579360000000p-27")
HALF_LN_2PI_HIGH_F32 = float.fromhex("0x1.d67f1c0000000p-1")
HALF_LN_2PI_LOW_F32 = float.fromhex("0x1.0c97d60000000p-26")
INVERSION_PIVOT_F32 = float.fromhex("0x1.6200000000000p-2")
INVERSION_AT_PIVOT_F32 = float.fromhex("0x1.9dbcce0000000p+0")

# (2 atanh(s) - 2 s) / s^3 in powers of z = s^2, z <= ((sqrt(2) - 1) / (sqrt(2) + 1))^2;
# relative error 2^-30.2
LOG_F32 = (
    float.fromhex("0x1.55557a0000000p-1"),
    float.fromhex("0x1.995ed60000000p-2"),
    float.fromhex("0x1.31e0800000000p-2"),
)

# (sin(pi t) / t - pi) / t^2 in powers of q = t^2, q <= 1/16;
# relative error 2^-27.89
SIN_F32 = (
    float.fromhex("-0x1.4abbbe0000000p+2"),
    float.fromhex("0x1.465fac0000000p+1"),
    float.fromhex("-0x1.2db5ce0000000p-1"),
)

# (cos(pi t) - 1) / t^2 in powers of q = t^2, q <= 1/16;
# relative error 2^-31.09
COS_F32 = (
    float.fromhex("-0x1.3bd3cc0000000p+2"),
    float.fromhex("0x1.03c1b00000000p+2"),
    float.fromhex("-0x1.55b2b60000000p+0"),
    float.fromhex("0x1.d4f7ee0000000p-3"),
)

# (exp(s) - 1 - s) / s^2 in powers of s, |s| <= ln(2) / 2;
# relative error 2^-31.2
EXP_F32 = (
    float.fromhex("0x1.0000000000000p-1"),
    float.fromhex("0x1.5555540000000p-3"),
    float.fromhex("0x1.5554ea0000000p-5"),
    float.fromhex("0x1.11128a0000000p-7"),
    float.fromhex("0x1.6d413a0000000p-10"),
    float.fromhex("0x1.9e611e0000000p-13"),
)

# (y + 4) exp(y^2 / 2) Phi(-y) in powers of t = (y - 4) / (y + 4), y <= 45, in float32 y <= 15;
# relative error 2^-31.31
TAIL_F32 = (
    float.fromhex("0x1.82b4bc0000000p-1"),
    float.fromhex("-0x1.373e3a0000000p-1"),
    float.fromhex("0x1.8c6dbe0000000p-2"),
    float.fromhex("-0x1.7dff300000000p-3"),
    float.fromhex("0x1.eec5be0000000p-5"),
    float.fromhex("-0x1.ee1f4e0000000p-8"),
    float.fromhex("-0x1.c886600000000p-9"),
    float.fromhex("0x1.aa8d660000000p-10"),
    float.fromhex("0x1.2cd5dc0000000p-13"),
    float.fromhex("-0x1.c9466c0000000p-13"),
    float.fromhex("-0x1.aa19980000000p-17"),
    float.fromhex("0x1.13093c0000000p-16"),
)
TAIL_LOW_F32 = (
    float.fromhex("-0x1.c836580000000p-27"),
    float.fromhex("-0x1.04b92e0000000p-26"),
    float.fromhex("-0x1.0d32e20000000p-28"),
    float.fromhex("-0x1.dda8620000000p-30"),
)

# (x / (1/2 - p) - sqrt(2 pi)) / w in powers of w = -ln(4 p (1 - p)), x = -quantile(p), p >= 2^-7;
# relative error 2^-28.27
QUANTILE_CENTRE_F32 = (
    float.fromhex("0x1.4ffddc0000000p-1"),
    float.fromhex("0x1.0b9c0e0000000p-5"),
    float.fromhex("-0x1.b10cae0000000p-8"),
    float.fromhex("-0x1.74a8d20000000p-12"),
    float.fromhex("0x1.0343c40000000p-13"),
    float.fromhex("0x1.894af00000000p-17"),
    float.fromhex("-0x1.74da420000000p-18"),
    float.fromhex("0x1.422fda0000000p-21"),
    float.fromhex("-0x1.7ea1cc0000000p-26"),
)
QUANTILE_CENTRE_LOW_F32 = (float.fromhex("0x1.9e09400000000p-26"),)

# 1 - x / r in powers of t = (r - 4) / (r + 4), r = sqrt(-2 ln p), x = -quantile(p), p <= 2^-7;
# relative error 2^-27.56
QUANTILE_TAIL_F32 = (
    float.fromhex("0x1.3296e00000000p-3"),
    float.fromhex("-0x1.f1dd640000000p-2"),
    float.fromhex("0x1.846f240000000p-1"),
    float.fromhex("-0x1.d1a9d60000000p-1"),
    float.fromhex("0x1.0461ee0000000p+0"),
    float.fromhex("-0x1.185b780000000p+0"),
    float.fromhex("0x1.28a3b40000000p+0"),
    float.fromhex("-0x1.34af360000000p+0"),
    float.fromhex("0x1.3067bc0000000p+0"),
    float.fromhex("-0x1.fb68980000000p-1"),
    float.fromhex("0x1.256e000000000p-1"),
    float.fromhex("-0x1.4a1d040000000p-3"),
)

# (F(a) - F(pivot)) / (pivot - a), a = 1 - t^2, F = quantile((1 + t) / 2) / t, |t| <= 1 - 2^-6;
# relative error 2^-25.4
INVERSION_NUMERATOR_F32 = (
    float.fromhex("0x1.5dae980000000p+2"),
    float.fromhex("0x1.c5eb960000000p+9"),
    float.fromhex("0x1.8b66d80000000p+14"),
    float.fromhex("0x1.594bf40000000p+17"),
    float.fromhex("0x1.3e78be0000000p+18"),
    float.fromhex("0x1.ee05640000000p+16"),
    float.fromhex("0x1.5e5fb40000000p+10"),
)
INVERSION_DENOMINATOR_F32 = (
    float.fromhex("0x1.0000000000000p+0"),
    float.fromhex("0x1.01fc320000000p+8"),
    float.fromhex("0x1.5816d00000000p+13"),
    float.fromhex("0x1.f003560000000p+16"),
    float.fromhex("0x1.ba13ec0000000p+18"),
    float.fromhex("0x1.d5114a0000000p+18"),
    float.fromhex("0x1.bb2b5e0000000p+16"),
)
