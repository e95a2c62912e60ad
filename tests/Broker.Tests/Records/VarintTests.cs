using Broker.Records;
using CsCheck;

namespace Broker.Tests.Records;

public sealed class VarintTests
{
    [Theory]
    [InlineData(0L, "00")]
    [InlineData(-1L, "01")]
    [InlineData(1L, "02")]
    [InlineData(63L, "7E")]
    [InlineData(-64L, "7F")]
    [InlineData(64L, "8001")]
    [InlineData(8191L, "FE7F")]
    [InlineData(8192L, "808001")]
    [InlineData(int.MaxValue, "FEFFFFFF0F")]
    [InlineData(int.MinValue, "FFFFFFFF0F")]
    [InlineData(long.MaxValue, "FEFFFFFFFFFFFFFFFF01")]
    [InlineData(long.MinValue, "FFFFFFFFFFFFFFFFFF01")]
    public void Published_encodings_hold(long value, string expected)
    {
        Span<byte> bytes = stackalloc byte[Varint.Int64SizeBytesMax];
        int sizeBytes = Varint.Write(bytes, value);
        Assert.Equal(expected, Convert.ToHexString(bytes[..sizeBytes]));
        Assert.Equal(sizeBytes, Varint.SizeOf(value));
        int position = 0;
        Assert.True(Varint.TryRead(bytes[..sizeBytes], ref position, out long read));
        Assert.Equal((value, sizeBytes), (read, position));
    }

    [Fact]
    public void Any_number_is_read_back_and_takes_the_announced_size()
    {
        Gen.Int.Sample(value =>
        {
            byte[] bytes = new byte[Varint.Int32SizeBytesMax];
            int position = 0;
            return Varint.Write(bytes, value) == Varint.SizeOf(value)
                && Varint.TryRead(bytes, ref position, out int read)
                && (read, position) == (value, Varint.SizeOf(value));
        });
        Gen.Long.Sample(value =>
        {
            byte[] bytes = new byte[Varint.Int64SizeBytesMax];
            int position = 0;
            return Varint.Write(bytes, value) == Varint.SizeOf(value)
                && Varint.TryRead(bytes, ref position, out long read)
                && (read, position) == (value, Varint.SizeOf(value));
        });
    }

    [Theory]
    [InlineData("")]
    [InlineData("80")]
    [InlineData("8080")]
    [InlineData("FFFFFFFF")]
    [InlineData("8080808010")]
    [InlineData("FFFFFFFF1F")]
    [InlineData("808080808001")]
    public void A_number_that_ends_too_early_or_has_more_than_32_bits_is_refused(string hex)
    {
        int position = 0;
        Assert.False(Varint.TryRead(Convert.FromHexString(hex), ref position, out int _));
    }

    [Theory]
    [InlineData("FFFFFFFFFFFFFFFFFF")]
    [InlineData("80808080808080808002")]
    [InlineData("FFFFFFFFFFFFFFFFFF8101")]
    public void A_number_that_ends_too_early_or_has_more_than_64_bits_is_refused(string hex)
    {
        int position = 0;
        Assert.False(Varint.TryRead(Convert.FromHexString(hex), ref position, out long _));
    }

    [Fact]
    public void A_destination_that_is_too_short_is_refused() =>
        Assert.Throws<ArgumentException>(() => Varint.Write(new byte[1], 64));
}
