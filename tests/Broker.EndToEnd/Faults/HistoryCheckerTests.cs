namespace Broker.EndToEnd.Faults;

/// <summary>Who tests the tester: for each kind of finding a history that has it, and one that has none.</summary>
public sealed class HistoryCheckerTests
{
    private static readonly LogName Log = new("topic", 0), OtherLog = new("topic", 1);

    [Fact]
    public void A_clean_history_has_no_findings()
    {
        SentRecord[] sent = Acked(3);
        Assert.Empty(Check(sent, Content(0, [.. sent.Select((record, offset) => Read(offset, record))])).Counts);
    }

    [Fact]
    public void A_log_that_was_trimmed_owes_only_what_is_left()
    {
        SentRecord[] sent = Acked(3);
        Assert.Empty(Check(sent, Content(2, Read(2, sent[2]))).Counts);
    }

    [Fact]
    public void An_unanswered_send_may_be_in_the_log_or_not_but_is_not_left_open()
    {
        SentRecord[] sent = [Sent(0)];
        Assert.Equal(["stuck"], Check(sent, Content(0)).Counts.Keys);
        Assert.Equal(["stuck"], Check(sent, Content(0, Read(0, sent[0]))).Counts.Keys);
    }

    [Fact]
    public void A_lost_write_is_found()
    {
        SentRecord[] sent = Acked(3);
        Assert.Equal(["lost-write"], Check(sent, Content(0, Read(0, sent[0]), Read(1, sent[1]))).Counts.Keys);
    }

    [Fact]
    public void Records_acked_before_their_sync_may_be_gone_after_a_power_cut_and_only_then()
    {
        SentRecord[] sent = Acked(3);
        var checker = new HistoryChecker(unsyncedTopics: Log.Topic);
        var history = new Dictionary<int, IReadOnlyList<SentRecord>> { [sent[0].Process] = sent };
        LogContent[] logs = [Content(0, Read(0, sent[0]))];
        Assert.Equal(["lost-write"], checker.Check(history, logs).Counts.Keys);
        checker.NotePowerCut();
        Assert.Empty(checker.Check(history, logs).Counts);
        Assert.Equal(2, checker.LostUnsynced);

        var strict = new HistoryChecker();
        strict.NotePowerCut();
        Assert.Equal(2, strict.Check(history, logs)["lost-write"]);
    }

    [Fact]
    public void A_duplicate_is_found()
    {
        SentRecord[] sent = Acked(2);
        Assert.Equal(1, Check(sent, Content(0, Read(0, sent[0]), Read(1, sent[1]), Read(2, sent[1])))["duplicate"]);
    }

    [Fact]
    public void An_offset_that_differs_from_the_ack_is_found()
    {
        SentRecord[] sent = [Sent(0)];
        sent[0].Ack(5);
        Assert.Equal(["inconsistent-offset"], Check(sent, Content(0, Read(0, sent[0]))).Counts.Keys);
    }

    [Fact]
    public void A_gap_is_found()
    {
        SentRecord[] sent = [Sent(0), Sent(1)];
        sent[0].Ack(0);
        sent[1].Ack(2);
        Assert.Equal(["offset-gap"], Check(sent, Content(0, Read(0, sent[0]), Read(2, sent[1]))).Counts.Keys);
    }

    [Fact]
    public void A_missing_end_is_found() =>
        Assert.Equal(["short-read"], Check([], new LogContent(Log) { HighWatermark = 1 }).Counts.Keys);

    [Fact]
    public void Records_of_one_producer_out_of_order_are_found()
    {
        SentRecord[] sent = [Sent(0), Sent(1)];
        sent[1].Ack(0);
        sent[0].Ack(1);
        Assert.Equal(["nonmonotonic-send"], Check(sent, Content(0, Read(0, sent[1]), Read(1, sent[0]))).Counts.Keys);
    }

    [Fact]
    public void A_record_acked_before_one_at_a_lower_offset_was_sent_is_found()
    {
        SentRecord early = Sent(0, process: 1);
        early.Ack(1);
        SentRecord late = Sent(0, process: 2);
        late.Ack(0);
        Findings findings = new HistoryChecker().Check(
            new Dictionary<int, IReadOnlyList<SentRecord>> { [1] = [early], [2] = [late] },
            [Content(0, Read(0, late), Read(1, early))]);
        Assert.Equal(["realtime-order"], findings.Counts.Keys);
    }

    [Fact]
    public void Bytes_that_nobody_sent_are_found()
    {
        SentRecord[] sent = Acked(1);
        byte[] payload = Payload.Create(sent[0].Value);
        byte[] key = BitConverter.GetBytes(sent[0].Value);
        for (int at = 0; at < payload.Length; at++)
        {
            payload[at] ^= 1;
            Assert.False(ReadBack.From(0, key, payload).IsIntact, $"byte {at}");
            payload[at] ^= 1;
        }

        Assert.True(ReadBack.From(0, key, payload).IsIntact);
        Assert.False(ReadBack.From(0, key.AsSpan(1), payload).IsIntact);
        Assert.Equal(1, Check(sent, Content(0, new ReadBack(0, sent[0].Value, IsIntact: false)))["corrupt-payload"]);
    }

    [Fact]
    public void A_record_without_a_sender_is_found() =>
        Assert.Equal(["fabricated"], Check(Acked(0), Content(0, Read(0, Sent(7)))).Counts.Keys);

    [Fact]
    public void A_record_in_another_partition_is_found()
    {
        SentRecord[] sent = [Sent(0)];
        sent[0].Ack(0);
        var other = new LogContent(OtherLog) { HighWatermark = 1 };
        other.Records.Add(Read(0, sent[0]));
        Assert.Equal(["wrong-partition"], Check(sent, other).Counts.Keys);
    }

    [Fact]
    public void A_refused_record_in_the_log_is_found()
    {
        SentRecord[] sent = [Sent(0)];
        sent[0].Fail(new Client.BrokerException("MESSAGE_TOO_LARGE", "No.", isDefinite: true));
        Assert.Equal(["failed-send", "refused-but-written"], Check(sent, Content(0, Read(0, sent[0]))).Counts.Keys);
    }

    [Fact]
    public void A_log_start_that_goes_back_is_found()
    {
        SentRecord[] sent = Acked(2);
        var checker = new HistoryChecker();
        Dictionary<int, IReadOnlyList<SentRecord>> history = new() { [1] = sent };
        Assert.Empty(checker.Check(history, [Content(1, Read(1, sent[1]))]).Counts);
        Findings findings = checker.Check(history, [Content(0, Read(0, sent[0]), Read(1, sent[1]))]);
        Assert.Equal(["log-start-regress"], findings.Counts.Keys);
    }

    private static Findings Check(SentRecord[] sent, LogContent log) =>
        new HistoryChecker().Check(new Dictionary<int, IReadOnlyList<SentRecord>> { [1] = sent }, [log]);

    private static SentRecord[] Acked(int count)
    {
        SentRecord[] records = [.. Enumerable.Range(0, count).Select(counter => Sent(counter))];
        for (int offset = 0; offset < count; offset++)
        {
            records[offset].Ack(offset);
        }

        return records;
    }

    private static SentRecord Sent(int counter, int process = 1) => new(process, counter, Log);

    private static ReadBack Read(long offset, SentRecord record) => new(offset, record.Value, IsIntact: true);

    private static LogContent Content(long logStart, params ReadBack[] records)
    {
        var content = new LogContent(Log) { LogStart = logStart, HighWatermark = records.Length == 0 ? logStart : records[^1].Offset + 1 };
        content.Records.AddRange(records);
        return content;
    }
}
