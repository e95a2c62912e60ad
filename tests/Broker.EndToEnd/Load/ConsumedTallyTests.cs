using Broker.Load.Values;

namespace Broker.EndToEnd.Load;

public sealed class ConsumedTallyTests
{
    private const int SizeBytes = 40;

    private readonly LoadValue _values = new(SizeBytes, LoadContent.Random);

    [Fact]
    public void All_that_was_sent_in_order_is_no_problem() =>
        Assert.Null(ProblemOf([2, 3], (0, 0, 0), (1, 1, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)));

    [Fact]
    public void A_lost_record_is_found() => Assert.Contains("2 records came back, 3", ProblemOf([3], (0, 0, 0), (0, 0, 2)), StringComparison.Ordinal);

    [Fact]
    public void A_record_that_came_twice_is_found() => Assert.Contains("after record 1", ProblemOf([2], (0, 0, 0), (0, 0, 1), (0, 0, 1)), StringComparison.Ordinal);

    [Fact]
    public void A_lost_record_and_a_doubled_one_in_another_partition_do_not_make_up_for_each_other() =>
        Assert.Contains("others doubled", ProblemOf([4], (0, 0, 0), (1, 0, 0), (0, 0, 2), (1, 0, 3)), StringComparison.Ordinal);

    [Fact]
    public void A_record_before_an_earlier_one_is_found() =>
        Assert.Contains("after record 2", ProblemOf([3], (0, 0, 0), (0, 0, 2), (0, 0, 1)), StringComparison.Ordinal);

    [Fact]
    public void A_record_of_nobody_is_found() => Assert.Contains("not sent in this run", ProblemOf([1], (0, 7, 0)), StringComparison.Ordinal);

    [Fact]
    public void A_value_is_judged_to_the_last_byte()
    {
        byte[] value = Value(producer: 3, counter: 12345);
        Assert.True(_values.Judge(0, value).IsIntact);
        value[^1] ^= 1;
        Assert.False(_values.Judge(0, value).IsIntact);
        Assert.False(_values.Judge(0, value.AsSpan(1)).IsIntact);
    }

    /// <param name="sent">How many by each producer.</param>
    /// <param name="read">Partition, producer and counter of what came back.</param>
    private string? ProblemOf(long[] sent, params (int Partition, int Producer, long Counter)[] read)
    {
        var tally = new ConsumedTally(sent.Length, partitions: 2);
        foreach ((int partition, int producer, long counter) in read)
        {
            tally.Add(partition, offset: 0, Value(producer, counter));
        }

        return tally.ProblemAtEnd(sent);
    }

    private byte[] Value(int producer, long counter)
    {
        byte[] value = new byte[SizeBytes];
        _values.Write(value, producer, counter, sentAt: 0);
        return value;
    }
}
