//! SHA-256's compression function on several blocks side by side: the one piece of cryptography that is our own.
//!
//! Why not a library: a token is two compressions of one block each, and no library offers independent blocks in the
//! lanes of vector registers. With AVX-512, sixteen of them finish in the time that SHA-NI needs for four to six.
//! It is the plain algorithm of FIPS 180-4 § 6.2.2 on arrays, which the compiler turns into vector instructions where
//! a `#[target_feature]` function allows them; it has no branch and no index that depends on data. The `sha2` crate is
//! the fallback and the reference that `mac` tests it against, in every lane.

/// One 32-bit word of each of `L` independent computations.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Lanes<const L: usize>(pub(crate) [u32; L]);

/// The chaining values of `L` computations.
pub(crate) type State<const L: usize> = [Lanes<L>; 8];
/// One message block of each of `L` computations; word 0 first.
pub(crate) type Block<const L: usize> = [Lanes<L>; 16];

impl<const L: usize> Lanes<L> {
    pub(crate) const fn all(word: u32) -> Self {
        Lanes([word; L])
    }

    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(u32, u32) -> u32) -> Self {
        Lanes(std::array::from_fn(|lane| f(self.0[lane], other.0[lane])))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, u32::wrapping_add)
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self.zip(other, |a, b| a ^ b)
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    #[inline(always)]
    fn ror(self, bits: u32) -> Self {
        self.zip(self, |a, _| a.rotate_right(bits))
    }

    #[inline(always)]
    fn shr(self, bits: u32) -> Self {
        self.zip(self, |a, _| a >> bits)
    }
}

/// Adds one block to a state. The block is used up: it holds the end of the message schedule afterwards.
#[inline(always)]
fn compress<const L: usize>(state: &State<L>, w: &mut Block<L>) -> State<L> {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for (t, &k) in K.iter().enumerate() {
        let i = t % 16;
        if t >= 16 {
            let (w15, w2) = (w[(i + 1) % 16], w[(i + 14) % 16]);
            let s0 = w15.ror(7).xor(w15.ror(18)).xor(w15.shr(3));
            let s1 = w2.ror(17).xor(w2.ror(19)).xor(w2.shr(10));
            w[i] = w[i].add(s0).add(w[(i + 9) % 16]).add(s1);
        }
        let s1 = e.ror(6).xor(e.ror(11)).xor(e.ror(25));
        let choice = g.xor(e.and(f.xor(g)));
        let t1 = h.add(s1).add(choice).add(Lanes::all(k)).add(w[i]);
        let s0 = a.ror(2).xor(a.ror(13)).xor(a.ror(22));
        let majority = a.and(b).or(c.and(a.or(b)));
        let t2 = s0.add(majority);
        (h, g, f, e, d, c, b, a) = (g, f, e, d.add(t1), c, b, a, t1.add(t2));
    }
    let [s0, s1, s2, s3, s4, s5, s6, s7] = *state;
    [s0.add(a), s1.add(b), s2.add(c), s3.add(d), s4.add(e), s5.add(f), s6.add(g), s7.add(h)]
}

/// The HMACs of `L` messages of one (already padded) block each, from the states after the two key blocks.
#[inline(always)]
fn hmac<const L: usize>(inner: &[u32; 8], outer: &[u32; 8], block: &mut Block<L>) -> State<L> {
    let [d0, d1, d2, d3, d4, d5, d6, d7] = compress(&inner.map(Lanes::all), block);
    let zero = Lanes::all(0);
    // A digest is half a block: then come a one bit, zeros, and the length of key block and digest in bits.
    let end = Lanes::all(0x8000_0000);
    let length = Lanes::all((64 + 32) * 8);
    let mut block = [d0, d1, d2, d3, d4, d5, d6, d7, end, zero, zero, zero, zero, zero, zero, length];
    compress(&outer.map(Lanes::all), &mut block)
}

/// A way to compute `L` HMACs at a time on this machine.
pub(crate) trait Kernel<const L: usize>: Copy {
    /// The HMACs of `L` messages of one padded block each; the block is used up.
    fn hmac(self, inner: &[u32; 8], outer: &[u32; 8], block: &mut Block<L>) -> State<L>;
}

/// Proof that this processor has AVX-512F: sixteen lanes.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512(());

#[cfg(target_arch = "x86_64")]
impl Avx512 {
    pub(crate) fn detect() -> Option<Avx512> {
        std::arch::is_x86_feature_detected!("avx512f").then_some(Avx512(()))
    }
}

#[cfg(target_arch = "x86_64")]
impl Kernel<16> for Avx512 {
    fn hmac(self, inner: &[u32; 8], outer: &[u32; 8], block: &mut Block<16>) -> State<16> {
        #[target_feature(enable = "avx512f")]
        fn with_avx512f(inner: &[u32; 8], outer: &[u32; 8], block: &mut Block<16>) -> State<16> {
            hmac(inner, outer, block)
        }
        // SAFETY: an `Avx512` exists only where AVX-512F was detected.
        unsafe { with_avx512f(inner, outer, block) }
    }
}

/// Proof that this processor has AVX2: eight lanes.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2(());

#[cfg(target_arch = "x86_64")]
impl Avx2 {
    pub(crate) fn detect() -> Option<Avx2> {
        std::arch::is_x86_feature_detected!("avx2").then_some(Avx2(()))
    }
}

#[cfg(target_arch = "x86_64")]
impl Kernel<8> for Avx2 {
    fn hmac(self, inner: &[u32; 8], outer: &[u32; 8], block: &mut Block<8>) -> State<8> {
        #[target_feature(enable = "avx2")]
        fn with_avx2(inner: &[u32; 8], outer: &[u32; 8], block: &mut Block<8>) -> State<8> {
            hmac(inner, outer, block)
        }
        // SAFETY: an `Avx2` exists only where AVX2 was detected.
        unsafe { with_avx2(inner, outer, block) }
    }
}

/// The same code without any processor feature, so that its arithmetic is tested on every machine.
#[cfg(test)]
#[derive(Clone, Copy)]
pub(crate) struct Plain;

#[cfg(test)]
impl<const L: usize> Kernel<L> for Plain {
    fn hmac(self, inner: &[u32; 8], outer: &[u32; 8], block: &mut Block<L>) -> State<L> {
        hmac(inner, outer, block)
    }
}

/// The round constants: the first 32 bits of the fractional parts of the cube roots of the first 64 primes.
#[rustfmt::skip]
const K: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];
