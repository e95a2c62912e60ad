using System.Text;
using Broker.Client;
using Broker.Records;

namespace Broker.Tests.Client;

public class PartitionerTests
{
    [Theory]
    // The values of Kafka's own test of its hash (UtilsTest.testMurmur2).
    [InlineData("21", -973932308)]
    [InlineData("foobar", -790332482)]
    [InlineData("a-little-bit-long-string", -985981536)]
    [InlineData("a-little-bit-longer-string", -1486304829)]
    [InlineData("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971)]
    [InlineData("abc", 479470107)]
    public void A_key_has_the_partition_that_Kafka_gives_it(string key, int hash)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(key);
        foreach (int partitionCount in new[] { 1, 2, 7, 100 })
        {
            Assert.Equal((hash & 0x7FFFFFFF) % partitionCount, Partitioner.Default.Choose("t", bytes, partitionCount));
        }
    }

    [Fact]
    public void A_record_without_key_may_go_anywhere_and_one_with_an_empty_key_not()
    {
        Assert.Equal(Partitioner.Any, Partitioner.Default.Choose("t", OptionalBytes.Null, 4));
        Assert.InRange(Partitioner.Default.Choose("t", Array.Empty<byte>(), 4), 0, 3);
    }
}
