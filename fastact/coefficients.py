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
TANH_SMALL = Constant(float32=0.75, float64=0.75)

# from it on 4 * exp(-2 * x) rounds to zero
TANH_END = Constant(float32=53.0, float64=374.0)

# below it x * exp(x) rounds to zero
MISH_LOWEST = Constant(float32=-110.0, float64=-754.0)

# above it exp(-2 * x) does not count
MISH_HIGHEST = Constant(float32=20.0, float64=40.0)

# sqrt(2)
SQRT_TWO = Constant(float32=1.4142135381698608, float64=1.4142135623730951)

# sqrt(2) - SQRT_TWO
SQRT_TWO_REST = Constant(float32=2.4203234971764687e-08, float64=-9.667293313452913e-17)

# 1 / sqrt(2 * pi)
NORMAL_PEAK = Constant(float32=0.3989422917366028, float64=0.3989422804014327)

# 1 / sqrt(2 * pi) - NORMAL_PEAK
NORMAL_PEAK_REST = Constant(float32=-1.1335170135851058e-08, float64=-2.49232720227773e-17)

# 2 / sqrt(pi)
ERF_SLOPE = Constant(float32=1.128379225730896, float64=1.1283791670955126)

# 2 / sqrt(pi) - ERF_SLOPE
ERF_SLOPE_REST = Constant(float32=-5.8635382771399236e-08, float64=1.533545961316588e-17)

# 1 / sqrt(pi)
ERF_SLOPE_HALF = Constant(float32=0.564189612865448, float64=0.5641895835477563)

# the smallest normal number
SMALLEST_NORMAL = Constant(float32=1.1754943508222875e-38, float64=2.2250738585072014e-308)

# makes subnormal numbers normal
NORMALISER = Constant(float32=4294967296.0, float64=1.8446744073709552e19)

# log2(NORMALISER)
NORMALISER_EXPONENT = Constant(float32=32.0, float64=64.0)

# a number whose square is far from overflow
SQUARE_END = Constant(float32=9.223372036854776e18, float64=3.3519519824856493e153)

# a large number whose sums do not overflow
HUGE = Constant(float32=4.253529586511731e37, float64=2.247116418577895e307)

# times it, what is beyond SQUARE_END has a square that is far from the ends of the range
SHRINK = Constant(float32=1.3552527156068805e-20, float64=2.913414348125081e-157)

# the largest finite number
LARGEST = Constant(float32=3.4028234663852886e38, float64=1.7976931348623157e308)

# 1 / 12
TWELFTH = Constant(float32=0.0833333358168602, float64=0.08333333333333333)

# 1 / 3
THIRD = Constant(float32=0.3333333432674408, float64=0.3333333333333333)

# 4 / 3
FOUR_THIRDS = Constant(float32=1.3333333730697632, float64=1.3333333333333333)

# pi / 2
HALF_PI = Constant(float32=1.5707963705062866, float64=1.5707963267948966)

# pi / 2 - HALF_PI
HALF_PI_REST = Constant(float32=-4.371138828673793e-08, float64=6.123233995736766e-17)

# the slope of selu above zero
SELU_SCALE = Constant(float32=1.0507010221481323, float64=1.0507009873554805)

# the slope of selu just below zero
SELU_SLOPE = Constant(float32=1.7580993175506592, float64=1.7580993408473768)

# the rest of it
SELU_SLOPE_REST = Constant(float32=2.3296717444054593e-08, float64=1.41535193800845e-17)

# 1.702
QUICK_GELU = Constant(float32=1.7020000219345093, float64=1.702)

# 1.702 - QUICK_GELU
QUICK_GELU_REST = Constant(float32=-2.1934509319976314e-08, float64=4.263256414560601e-17)

# 1.7159
LECUN_SCALE = Constant(float32=1.71589994430542, float64=1.7159)

# 1.7159 * 2 / 3
LECUN_SLOPE = Constant(float32=1.1439332962036133, float64=1.1439333333333332)

# 1.7159 * 2 / 3 - LECUN_SLOPE
LECUN_SLOPE_REST = Constant(float32=3.712971974323409e-08, float64=8.680463755202558e-17)

# normal_cdf(-t) is exp(-t * t / 2) / (t + TAIL_POLE) times a smooth function
TAIL_POLE = Constant(float32=2.5625, float64=2.875)

# the middle of t / (t + TAIL_POLE)
TAIL_CENTRE = Constant(float32=0.453125, float64=0.5)

# from it on normal_cdf(-x) * x and exp(-x * x / 2) round to zero
NORMAL_END = Constant(float32=14.625, float64=39.0)

# from it on the tails of gelu_tanh and gelu_sigmoid_cubic round to zero
GELU_TANH_END = Constant(float32=11.0, float64=22.0)

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

# 1 / 0.0433603 in short
GELU_CUBIC_SHIFT = Constant(float32=23.06256866455078, float64=23.06257106154709)

# 1 / 0.0433603 - GELU_CUBIC_SHIFT
GELU_CUBIC_SHIFT_REST = Constant(float32=2.396996251263772e-06, float64=-5.9652402968230085e-15)

# 1.60033 * 0.0433603 / log(2)
GELU_CUBIC_CUBIC = Constant(float32=0.10010974854230881, float64=0.10010974702796023)

# the rest of it
GELU_CUBIC_CUBIC_REST = Constant(float32=-1.5143485354585096e-09, float64=2.817874384143654e-18)

# 1.60033
GELU_CUBIC_SLOPE = Constant(float32=1.6003299951553345, float64=1.60033)

# the rest of it
GELU_CUBIC_SLOPE_REST = Constant(float32=4.8446655576128705e-09, float64=-3.026912054338027e-17)

# 3 * 1.60033 * 0.0433603
GELU_CUBIC_SLOPE_CUBIC = Constant(float32=0.20817236602306366, float64=0.208172366697)

# exp(x)
# on [-0.346608, 0.346608]; errors 3.6e-9 (float32), 1.1e-17 (float64)
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
# on [-0.346608, 0.346608]; errors 1.7e-8 (float32), 3.4e-17 (float64)
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

# 1 / x to begin an iteration with
# on [1.0, 2.0]; errors 0.01 (float32), 0.01 (float64)
INVERSE = Constant(
    float32=(
        2.1212120056152344,
        -1.454545497894287,
        0.3232323229312897,
    ),
    float64=(
        2.121212121212121,
        -1.4545454545454546,
        0.32323232323232326,
    ),
)

# (tanh(sqrt(y)) / sqrt(y) - 1) / y
# on [9.31323e-10, 0.5625]; errors 8.1e-9 (float32), 1.0e-17 (float64)
TANH = Constant(
    float32=(
        -0.33333316445350647,
        0.1333269476890564,
        -0.05389273166656494,
        0.021452052518725395,
        -0.007657280657440424,
        0.001736950478516519,
    ),
    float64=(
        -0.3333333333333333,
        0.13333333333332717,
        -0.05396825396790282,
        0.02186948852603253,
        -0.008863235356438796,
        0.0035921261064795805,
        -0.0014558196758049397,
        0.0005899480426978596,
        -0.00023881976023841,
        9.60376986742112e-05,
        -3.74664312491944e-05,
        1.3223581129188579e-05,
        -3.6138610146502414e-06,
        5.416631677470272e-07,
    ),
)

# 1.7159 * (tanh(2 * sqrt(y) / 3) / sqrt(y) - 2 / 3) / y
# on [9.31323e-10, 1.0]; errors 1.3e-8 (float32), 1.3e-17 (float64)
LECUN_TANH = Constant(
    float32=(
        -0.1694711297750473,
        0.030121516436338425,
        -0.0053878407925367355,
        0.0009082796750590205,
        -0.00010690707131288946,
    ),
    float64=(
        -0.1694716049382716,
        0.030128285322357756,
        -0.005419903179638111,
        0.0009761336148736753,
        -0.0001758249092150485,
        3.167065358178292e-05,
        -5.704626798537056e-06,
        1.027312858023082e-06,
        -1.846254112148494e-07,
        3.2742837781795854e-08,
        -5.468879668866735e-09,
        7.507911664278945e-10,
        -5.994037959113742e-11,
    ),
)

# ((sqrt(y) - tanh(sqrt(y))) / (y * sqrt(y)) - 1 / 3) / y
# on [9.31323e-10, 1.0]; errors 2.7e-8 (float32), 6.1e-18 (float64)
TANH_SHRINK = Constant(
    float32=(
        -0.13333331048488617,
        0.053967706859111786,
        -0.021863268688321114,
        0.00882856734097004,
        -0.003482774132862687,
        0.0012468849308788776,
        -0.0003403910668566823,
        4.910248389933258e-05,
    ),
    float64=(
        -0.13333333333333333,
        0.05396825396825376,
        -0.02186948853614476,
        0.008863235529626538,
        -0.003592128032189823,
        0.0014558343410086176,
        -0.0005900271019560315,
        0.00023912729450687784,
        -9.690805911620979e-05,
        3.925583084953186e-05,
        -1.5865432076819186e-05,
        6.352532502099845e-06,
        -2.470720238553031e-06,
        8.954870166509524e-07,
        -2.8239159323253943e-07,
        7.017317550634957e-08,
        -1.1829254535914314e-08,
        9.898654886036205e-10,
    ),
)

# (atan(sqrt(y)) / sqrt(y) - 1) / y
# on [9.31323e-10, 0.25]; errors 3.5e-9 (float32), 7.2e-18 (float64)
ATAN = Constant(
    float32=(
        -0.333333283662796,
        0.19999490678310394,
        -0.1427208036184311,
        0.10940996557474136,
        -0.07984110713005066,
        0.03872385248541832,
    ),
    float64=(
        -0.33333333333333315,
        0.1999999999999327,
        -0.14285714284961115,
        0.11111111068569217,
        -0.0909090766985591,
        0.0769227708124391,
        -0.06666219014741014,
        0.05877771438553369,
        -0.05229820282385605,
        0.04588750231109763,
        -0.03710247692112573,
        0.023632999021939414,
        -0.00835250867903298,
    ),
)

# log(1 + x) / x at 1/2
LOG1P_FIRST = Constant(float32=0.8109301924705505, float64=0.8109302162163288)

# (log(1 + x) / x - LOG1P_FIRST) / u
# of u = x - 1/2
# on [-0.0857864, 0.5]; errors 3.5e-8 (float32), 2.8e-17 (float64)
LOG1P = Constant(
    float32=(
        -0.28852710127830505,
        0.13262677192687988,
        -0.06777381896972656,
        0.03520233556628227,
        -0.005860684905201197,
        -0.04148070141673088,
        0.0793616846203804,
        -0.04949205368757248,
    ),
    float64=(
        -0.28852709909932417,
        0.13260975375418674,
        -0.06768864331078792,
        0.036611854530893814,
        -0.02054881200692705,
        0.0118337912274603,
        -0.006945377441989601,
        0.0041361245846149985,
        -0.0024925761874931996,
        0.0015241590988402023,
        -0.0009749963796732184,
        0.0007191510300518554,
        -0.0006510901824944329,
        0.0006002810071874332,
        -0.0004211593084462851,
        0.00017437698030237222,
        -2.889787675877767e-05,
    ),
)

# (log(1 + x) - x) / x**2
# on [-0.292893, 0.414214]; errors 5.5e-9 (float32), 2.9e-17 (float64)
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

# up to it softplus is that of zero and a polynomial
SOFTPLUS_NEAR = Constant(float32=1.0625, float64=1.0625)

# log(cosh(sqrt(y) / 2)) / y
# on [9.31323e-10, 1.12891]; errors 5.8e-11 (float32), 4.5e-18 (float64)
LOG_COSH = Constant(
    float32=(
        0.125,
        -0.005208330228924751,
        0.0003472032258287072,
        -2.630042399687227e-05,
        2.064759200948174e-06,
        -1.3034754431373585e-07,
    ),
    float64=(
        0.125,
        -0.005208333333333103,
        0.0003472222222180694,
        -2.6351686470597308e-05,
        2.1356920444758717e-06,
        -1.8032234394946225e-07,
        1.5659036813125315e-08,
        -1.3863598257417309e-09,
        1.230735323834745e-10,
        -1.016402246344037e-11,
        5.761360041390966e-13,
    ),
)

# up to it erf is its own polynomial
ERF_NEAR = Constant(float32=0.875, float64=0.875)

# from it on erf rounds to one
ERF_END = Constant(float32=4.0, float64=6.0)

# (erf(sqrt(y)) / sqrt(y) - 2 / sqrt(pi)) / y
# on [9.31323e-10, 0.765625]; errors 9.7e-9 (float32), 4.7e-18 (float64)
ERF_BEND = Constant(
    float32=(
        -0.37612637877464294,
        0.11283741891384125,
        -0.026861997321248055,
        0.0052076466381549835,
        -0.0008220489253289998,
        8.713048009667546e-05,
    ),
    float64=(
        -0.3761263890318374,
        0.11283791670954456,
        -0.026866170644956656,
        0.005223977623165795,
        -0.0008548326850589549,
        0.00012055324706131373,
        -1.4925389979345514e-05,
        1.6456642203511303e-06,
        -1.6289510974548106e-07,
        1.4123949945774984e-08,
        -8.668467137372854e-10,
    ),
)

# log(1 - erf(x)) / x + 1, as far as 1 - erf(x) counts in erf(x)
# on [0.875, 4.0] and [0.875, 6.0]; errors 1.3e-9 (float32), 1.2e-17 (float64)
LOG_ERFC = Constant(
    float32=(
        -0.12862709164619446,
        -0.635238766670227,
        -0.1060914471745491,
        0.02363619953393936,
        -0.0035827073734253645,
        0.0003080568858422339,
        -9.75350212684134e-06,
    ),
    float64=(
        -0.1283791671088278,
        -0.6366197255009762,
        -0.10277311923435742,
        0.019131104060769285,
        0.0002006934783533377,
        -0.0016772697174497978,
        0.0005589422671179985,
        1.343768560883354e-05,
        -0.00010322886255411732,
        5.982780070642987e-05,
        -2.181236488849831e-05,
        5.826476051561736e-06,
        -1.1812271432726363e-06,
        1.812716426443971e-07,
        -2.049338771637146e-08,
        1.6133071449842466e-09,
        -7.903459993390355e-11,
        1.8139575254867534e-12,
    ),
)

# normal_cdf(-t) * exp(t * t / 2) * (t + TAIL_POLE) at TAIL_CENTRE
TAIL_FIRST = Constant(float32=0.752915620803833, float64=0.7242799060488403)

# (normal_cdf(-t) * exp(t * t / 2) * (t + TAIL_POLE) - TAIL_FIRST) / k
# of k = t / (t + TAIL_POLE) - TAIL_CENTRE
# on [-0.453125, 0.397784] and [-0.5, 0.431343]; errors 9.9e-9 (float32), 2.7e-17 (float64)
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

# the lowest derivative of t * normal_cdf(-t), which is at sqrt(2)
PULL_LOWEST = Constant(float32=-0.12890414893627167, float64=-0.12890414518515478)

# the rest of it
PULL_LOWEST_REST = Constant(float32=3.751116750549954e-09, float64=-8.188108074412492e-18)

# from there on it is its own polynomial
PULL_BEND_FIRST = Constant(float32=-0.7200000286102295, float64=-0.72)

# up to there
PULL_BEND_LAST = Constant(float32=0.8999999761581421, float64=0.9)

# exp(-1) / sqrt(pi), half of its second derivative at sqrt(2)
PULL_CURVE = Constant(float32=0.20755374431610107, float64=0.20755374871029736)

# the rest of it
PULL_CURVE_REST = Constant(float32=4.394196118084892e-09, float64=-7.166961646657122e-18)

# -exp(-1) / sqrt(2 * pi), a sixth of its third derivative there
PULL_TILT = Constant(float32=-0.1467626690864563, float64=-0.1467626631737399)

# the rest of it
PULL_TILT_REST = Constant(float32=5.912716538603036e-09, float64=-8.91346938471587e-19)

# what these and its lowest value leave of the derivative of t * normal_cdf(-t), over s**5, of s = t - sqrt(2)
# on [-0.72, 0.9]; errors 3.3e-8 (float32), 4.5e-17 (float64)
PULL_BEND = Constant(
    float32=(
        0.034244101494550705,
        -0.008647452108561993,
        -0.003664038609713316,
        0.0018676392501220107,
        0.00013148508151061833,
        -0.00020679460430983454,
        2.5870873287203722e-05,
    ),
    float64=(
        0.034244621407204155,
        -0.008648072862919756,
        -0.003669066579272819,
        0.0018737491200031963,
        0.00014559787920326314,
        -0.00022546761023366124,
        1.518483493809291e-05,
        1.8417168771404516e-05,
        -3.2810579738148806e-06,
        -1.0680131628322595e-06,
        3.3408453953507864e-07,
        4.073830080728771e-08,
        -2.4124925869905178e-08,
        -3.044560740173403e-10,
        1.2716898856515532e-09,
        -1.4214246342690173e-10,
    ),
)
