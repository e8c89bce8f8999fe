using System.Security.Cryptography;
using Convoy.Objects.Sealed;

namespace Convoy.Objects.Tests.Buckets;

public sealed class CounterModeTests
{
    private static readonly byte[] Key = Convert.FromHexString("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");

    [Fact]
    public void It_is_what_the_standard_says()
    {
        // NIST SP 800-38A, F.5.5: CTR-AES256.Encrypt.
        using var mode = new CounterMode(Key, UInt128.Parse("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", System.Globalization.NumberStyles.HexNumber));
        var text = Convert.FromHexString("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
        mode.Apply(text, 0);
        Convert.ToHexStringLower(text).ShouldBe("601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c52b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6");
    }

    [Fact]
    public void Any_part_is_as_in_the_whole()
    {
        var whole = NoiseStream.Of(1, 100_000);
        var hidden = whole.ToArray();
        using var mode = new CounterMode(Key, 0);
        mode.Apply(hidden, 0);
        var random = new Random(2);
        for (var i = 0; i < 300; i++)
        {
            var from = random.Next(whole.Length);
            var part = hidden.AsSpan(from, random.Next(whole.Length - from)).ToArray();
            mode.Apply(part, from);
            part.AsSpan().SequenceEqual(whole.AsSpan(from, part.Length)).ShouldBeTrue();
        }
    }

    [Fact]
    public void The_counter_carries_over_all_of_its_bytes()
    {
        using var aes = Aes.Create();
        aes.Key = Key;
        var pad = aes.EncryptEcb(Convert.FromHexString("00000000000000000000000100000000"), PaddingMode.None);
        using var mode = new CounterMode(Key, 0);
        var bytes = new byte[16];

        // At 64 GiB: 2^32 blocks.
        mode.Apply(bytes, 1L << 36);
        bytes.ShouldBe(pad);
    }
}
