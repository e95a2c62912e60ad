using System.Text;
using Broker.Records;
using CsCheck;

namespace Broker.Tests.Records;

public sealed class Crc32CTests
{
    [Theory]
    [InlineData("", 0x00000000u)]
    [InlineData("123456789", 0xE3069283u)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x22620404u)]
    public void Published_check_values_hold(string text, uint expected) =>
        Assert.Equal(expected, Crc32C.Compute(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void The_vectors_of_rfc_3720_hold()
    {
        byte[] ones = new byte[32];
        Array.Fill(ones, (byte)0xFF);
        Assert.Equal(0x8A9136AAu, Crc32C.Compute(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Compute(ones));
        Assert.Equal(0x46DD794Eu, Crc32C.Compute([.. Enumerable.Range(0, 32).Select(value => (byte)value)]));
    }

    [Fact]
    public void Any_length_gives_what_one_bit_at_a_time_gives()
    {
        byte[] bytes = new byte[10_000];
        new Random(1).NextBytes(bytes);
        int[] lengths = [.. Enumerable.Range(0, 40), 3_071, 3_072, 3_073, 6_143, 6_144, 6_151, 9_999, 10_000];
        foreach (int length in lengths)
        {
            Assert.Equal(BitByBit(bytes.AsSpan(0, length)), Crc32C.Compute(bytes.AsSpan(0, length)));
        }
    }

    [Fact]
    public void Appending_a_part_equals_computing_the_whole() =>
        Gen.Select(Gen.Byte.Array[0, 8_000], Gen.Double[0, 1]).Sample((bytes, share) =>
        {
            int split = (int)(share * bytes.Length);
            uint first = Crc32C.Compute(bytes.AsSpan(0, split));
            return Crc32C.Append(first, bytes.AsSpan(split)) == Crc32C.Compute(bytes);
        });

    private static uint BitByBit(ReadOnlySpan<byte> bytes)
    {
        uint state = uint.MaxValue;
        foreach (byte value in bytes)
        {
            state ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                state = (state >> 1) ^ ((state & 1) == 0 ? 0 : 0x82F63B78u);
            }
        }

        return ~state;
    }
}
