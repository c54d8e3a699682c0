"""Constants of both precisions; printed by tools/fit_coefficients.py, not to be edited.

A polynomial's coefficients stand from the constant term up.  The comment above each gives what it approximates, where,
and the largest relative error of the fit, before any rounding in its evaluation.
"""

from fastact.language import Constant

# 1 / log(2)
LOG2_E = Constant(float32=1.4426950216293335, float64=1.4426950408889634)

# adding it to a number of less than half its size rounds that to an integer
TO_INTEGER = Constant(float32=12582912.0, float64=6755399441055744.0)

# log(2), its nearest number
LN2_HIGH = Constant(float32=0.6931471824645996, float64=0.6931471805599453)

# log(2) - LN2_HIGH
LN2_LOW = Constant(float32=-1.9046542121259336e-09, float64=2.3190468138462996e-17)

# below it exp rounds to zero
EXP_LOWEST = Constant(float32=-104.0, float64=-746.0)

# above it exp overflows
EXP_HIGHEST = Constant(float32=89.0, float64=710.0)

# exp(-DECAY_END) makes a zero of any number times it
DECAY_END = Constant(float32=175.0, float64=1415.0)

# up to it tanh is its own polynomial
TANH_SMALL = Constant(float32=0.550000011920929, float64=0.55)

# from it on 4 * exp(-2 * x) rounds to zero
TANH_END = Constant(float32=53.0, float64=374.0)

# below it x * exp(x) rounds to zero
MISH_LOWEST = Constant(float32=-110.0, float64=-754.0)

# above it exp(-2 * x) does not count
MISH_HIGHEST = Constant(float32=20.0, float64=40.0)

# sqrt(1/2)
SQRT_HALF = Constant(float32=0.7071067690849304, float64=0.7071067811865476)

# sqrt(2)
SQRT_TWO = Constant(float32=1.4142135381698608, float64=1.4142135623730951)

# sqrt(2) - SQRT_TWO
SQRT_TWO_REST = Constant(float32=2.4203234971764687e-08, float64=-9.667293313452913e-17)

# 1 / sqrt(2 * pi)
NORMAL_PEAK = Constant(float32=0.3989422917366028, float64=0.3989422804014327)

# 1 / sqrt(pi)
ERF_SLOPE_HALF = Constant(float32=0.564189612865448, float64=0.5641895835477563)

# the smallest normal number
SMALLEST_NORMAL = Constant(float32=1.1754943508222875e-38, float64=2.2250738585072014e-308)

# makes subnormal numbers normal
NORMALISER = Constant(float32=4294967296.0, float64=1.8446744073709552e+19)

# log2(NORMALISER)
NORMALISER_EXPONENT = Constant(float32=32.0, float64=64.0)

# a number whose square is far from overflow
SQUARE_END = Constant(float32=9.223372036854776e+18, float64=3.3519519824856493e+153)

# a large number whose sums do not overflow
HUGE = Constant(float32=4.253529586511731e+37, float64=2.247116418577895e+307)

# 1 / 6
SIXTH = Constant(float32=0.1666666716337204, float64=0.16666666666666666)

# 1 / 6 - SIXTH
SIXTH_REST = Constant(float32=-4.967053879312289e-09, float64=9.25185853854297e-18)

# normal_cdf(-t) is exp(-t * t / 2) / (t + TAIL_POLE) times a smooth function
TAIL_POLE = Constant(float32=2.5625, float64=2.875)

# the middle of t / (t + TAIL_POLE)
TAIL_CENTRE = Constant(float32=0.453125, float64=0.5)

# up to it normal_cdf(-x) is a normal number
NORMAL_TAIL_NORMAL = Constant(float32=12.75, float64=37.5)

# from it on normal_cdf(-x) * x and exp(-x * x / 2) round to zero
NORMAL_END = Constant(float32=14.625, float64=39.0)

# from it on the tail of gelu_tanh rounds to zero
GELU_TANH_END = Constant(float32=11.0, float64=21.75)

# 1 / 0.044715 in short
GELU_TANH_SHIFT = Constant(float32=22.363861083984375, float64=22.36386000223638)

# 1 / 0.044715 - GELU_TANH_SHIFT
GELU_TANH_SHIFT_REST = Constant(float32=-1.081747996067861e-06, float64=7.068084733670861e-15)

# 2 * sqrt(2 / pi) * 0.044715 / log(2)
GELU_TANH_CUBIC = Constant(float32=0.10294324159622192, float64=0.1029432395800235)

# the rest of it
GELU_TANH_CUBIC_REST = Constant(float32=-2.016198541454628e-09, float64=-5.978177400718744e-18)

# 2 * sqrt(2 / pi)
GELU_TANH_SLOPE = Constant(float32=1.5957691669464111, float64=1.5957691216057308)

# the rest of it
GELU_TANH_SLOPE_REST = Constant(float32=-4.534068054340423e-08, float64=-9.96930880911092e-17)

# 6 * sqrt(2 / pi) * 0.044715
GELU_TANH_SLOPE_CUBIC = Constant(float32=0.21406444907188416, float64=0.21406444881780073)

# exp(x)
# on [-0.34661, 0.34661]; errors 3.6e-9 (float32), 1.1e-17 (float64)
EXP = Constant(
    float32=(
        1.0,
        1.0,
        0.4999999403953552,
        0.1666652113199234,
        0.04166838899254799,
        0.008368713781237602,
        0.0013814481208100915,
    ),
    float64=(
        1.0,
        1.0,
        0.5000000000000011,
        0.16666666666666413,
        0.04166666666653022,
        0.008333333333494794,
        0.0013888888943615002,
        0.00019841269505785063,
        2.4801493113952942e-05,
        2.755758711908504e-06,
        2.7630243168120484e-07,
        2.4999819220118453e-08,
    ),
)

# (exp(x) - 1 - x) / x**2
# on [-0.34661, 0.34661]; errors 1.7e-8 (float32), 3.4e-17 (float64)
EXPM1 = Constant(
    float32=(
        0.4999999701976776,
        0.1666654348373413,
        0.04166720062494278,
        0.008366520516574383,
        0.0013882557395845652,
    ),
    float64=(
        0.5000000000000006,
        0.16666666666666588,
        0.04166666666657678,
        0.008333333333389596,
        0.0013888888931558585,
        0.00019841269718888976,
        2.480150528065897e-05,
        2.7557407652071018e-06,
        2.7626035299986715e-07,
        2.505374119481922e-08,
    ),
)

# (tanh(sqrt(y)) / sqrt(y) - 1) / y
# on [9.3132e-10, 0.3025]; errors 4.3e-9 (float32), 1.5e-18 (float64)
TANH = Constant(
    float32=(
        -0.33333316445350647,
        0.13332585990428925,
        -0.05385231599211693,
        0.02107170596718788,
        -0.006274279672652483,
    ),
    float64=(
        -0.333333333333333,
        0.13333333333326622,
        -0.053968253963760975,
        0.021869488385864992,
        -0.008863232601590857,
        0.0035920920320479423,
        -0.001455542857117217,
        0.0005884445375978342,
        -0.00023338170814640437,
        8.331666912445474e-05,
        -1.949483432338603e-05,
    ),
)

# log(1 + x) / x, of x - 1/2
# on [-0.5, 0.5]; errors 3.0e-8 (float32), 1.4e-17 (float64)
LOG1P = Constant(
    float32=(
        0.8109301924705505,
        -0.28852710127830505,
        0.1326097846031189,
        -0.06768760830163956,
        0.03661069646477699,
        -0.020571593195199966,
        0.011853674426674843,
        -0.00674299756065011,
        0.003984538838267326,
        -0.003256312571465969,
        0.0020302599295973778,
    ),
    float64=(
        0.8109302162163288,
        -0.2885270990993242,
        0.13260975375420278,
        -0.06768864331087411,
        0.036611854523172074,
        -0.0205488119269406,
        0.011833792108940602,
        -0.006945394664210859,
        0.004136179140483427,
        -0.0024918479807946423,
        0.0015153825455387648,
        -0.0009287683875114335,
        0.0005730679295899879,
        -0.0003555525587680228,
        0.00022106024705668785,
        -0.00013830039171566343,
        8.97807534736872e-05,
        -5.691714554965278e-05,
        2.7434059896766243e-05,
        -1.6840578081153758e-05,
        2.5114095958696545e-05,
        -1.6418715372520398e-05,
    ),
)

# (log(1 + x) - x) / x**2
# on [-0.29289, 0.41421]; errors 5.5e-9 (float32), 2.9e-17 (float64)
LOG = Constant(
    float32=(
        -0.49999988079071045,
        0.33333325386047363,
        -0.25001582503318787,
        0.2000197470188141,
        -0.16609074175357819,
        0.14181813597679138,
        -0.13243037462234497,
        0.12904499471187592,
        -0.0762174054980278,
    ),
    float64=(
        -0.5000000000000003,
        0.33333333333333026,
        -0.24999999999974926,
        0.20000000000085183,
        -0.16666666671354707,
        0.14285714279624484,
        -0.12499999604559793,
        0.11111111098734622,
        -0.10000017936626693,
        0.09090927450581755,
        -0.08332864132030983,
        0.07691433062227031,
        -0.07149936958083904,
        0.06685934622753845,
        -0.061943688199560094,
        0.0565897601302799,
        -0.056780999158248975,
        0.0652950509917479,
        -0.06006109805987208,
        0.026174255435053827,
    ),
)

# erf(sqrt(y)) / sqrt(y)
# on [9.3132e-10, 1.0]; errors 7.8e-8 (float32), 3.0e-17 (float64)
ERF = Constant(
    float32=(
        1.128379225730896,
        -0.37612637877464294,
        0.11283782124519348,
        -0.0268654003739357,
        0.005220945458859205,
        -0.0008482828852720559,
        0.00011256949073867872,
        -9.64152150118025e-06,
    ),
    float64=(
        1.1283791670955126,
        -0.3761263890318375,
        0.11283791670954857,
        -0.026866170645072882,
        0.0052239776247807726,
        -0.0008548326978737246,
        0.0001205533103672806,
        -1.4925593502910306e-05,
        1.6460972754841405e-06,
        -1.6350024578131377e-07,
        1.465787559917263e-08,
        -1.1365649912272622e-09,
        5.945235199707097e-11,
    ),
)

# normal_cdf(-t) * exp(t * t / 2) * (t + TAIL_POLE) at TAIL_CENTRE
TAIL_FIRST = Constant(float32=0.752915620803833, float64=0.7242799060488403)

# (normal_cdf(-t) * exp(t * t / 2) * (t + TAIL_POLE) - TAIL_FIRST) / k
# of k = t / (t + TAIL_POLE) - TAIL_CENTRE
# on [-0.45313, 0.39778] and [-0.5, 0.43134]; errors 9.9e-9 (float32), 2.7e-17 (float64)
TAIL = Constant(
    float32=(
        -0.9428844451904297,
        0.5717489123344421,
        0.07721415907144547,
        -0.2630780339241028,
        -0.057829346507787704,
        0.1465938240289688,
        0.08947235345840454,
        -0.06342119723558426,
        -0.07642878592014313,
    ),
    float64=(
        -0.9849940857072732,
        0.8262249473669626,
        -0.2514671231330468,
        -0.22711331591589454,
        0.17036168321285913,
        0.12294779167023176,
        -0.09528333291101072,
        -0.10891395849292142,
        0.033762879374589175,
        0.10339904147358696,
        0.027606920920800998,
        -0.07556701063692806,
        -0.07934276868433475,
        0.012130757032251851,
        0.09075075740468497,
        0.06985013207931316,
        -0.03232045919513521,
        -0.11418803387950102,
        -0.07665559535789551,
        0.06666958568126029,
        0.1427203132315277,
        0.03370637211020741,
        -0.0884103459102268,
        -0.05780516499475685,
    ),
)
