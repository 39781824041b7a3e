// SPDX-License-Identifier: Apache-2.0
// exp over Lanes. Include after a lanes_*.inl; internal linkage.

namespace tendril::engine {
namespace {

/// e^x with a relative error below 2e-7; 0 below -87.3, e^88 above 88. x = n ln 2 + r, |r| <= ln 2 / 2; e^r
/// by the polynomial of Cephes' expf (S. Moshier), 2^n by the exponent bits.
inline Lanes::F exponential(Lanes::F x) {
    using L = Lanes;
    const L::F low = L::set1(-87.3F);
    const L::F inside = L::max(L::min(x, L::set1(88.0F)), low);
    const L::I n = L::round(L::mul(inside, L::set1(1.44269504F)));
    const L::F whole = L::to_float(n);
    L::F r = L::fnma(whole, L::set1(0.693359375F), inside);
    r = L::fnma(whole, L::set1(-2.12194440e-4F), r);
    L::F p = L::set1(1.9875691500e-4F);
    p = L::fma(p, r, L::set1(1.3981999507e-3F));
    p = L::fma(p, r, L::set1(8.3334519073e-3F));
    p = L::fma(p, r, L::set1(4.1665795894e-2F));
    p = L::fma(p, r, L::set1(1.6666665459e-1F));
    p = L::fma(p, r, L::set1(5.0000001201e-1F));
    p = L::add(L::fma(L::mul(r, r), p, r), L::set1(1.0F));
    const L::F power = L::as_float(L::left<23>(L::iadd(n, L::iset1(127))));
    return L::zero_where_less(L::mul(p, power), x, low);
}

/// tanh, with an absolute error below 2e-7.
inline Lanes::F hyperbolic_tangent(Lanes::F x) {
    using L = Lanes;
    const L::F one = L::set1(1.0F);
    const L::F inside = L::max(L::min(x, L::set1(15.0F)), L::set1(-15.0F));
    const L::F e = exponential(L::add(inside, inside));
    return L::div(L::sub(e, one), L::add(e, one));
}

}  // namespace
}  // namespace tendril::engine
