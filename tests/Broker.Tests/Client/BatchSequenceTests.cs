using Broker.Client.Producing;
using Broker.Protocol;
using Broker.Protocol.V1;
using Broker.Records;

namespace Broker.Tests.Client;

public class BatchSequenceTests
{
    private readonly SequenceModel _broker = new();
    private readonly BatchSequence _sequence = SequenceModel.NewSequence(inFlightMax: 3);
    private readonly List<BatchOutcome> _outcomes = [];
    private readonly ProducerIdentity _identity;

    public BatchSequenceTests() => _identity = _broker.NewProducer();

    [Fact]
    public void Sequences_count_records_from_zero()
    {
        PendingBatch[] sent = AddAndTake(2, 3, 1);

        Assert.Equal([0L, 2, 5], sent.Select(batch => new StoredBatchView(batch.Buffer!.Span).BaseSequence));
    }

    [Fact]
    public void No_more_batches_are_in_flight_than_allowed()
    {
        AddAndTake(1, 1, 1);
        _sequence.Add(SequenceModel.NewBatch(4, 1));

        Assert.Null(Take());
    }

    [Fact]
    public void A_batch_sent_again_after_a_lost_connection_has_the_same_bytes()
    {
        PendingBatch[] sent = AddAndTake(1, 2);
        byte[][] before = [.. sent.Select(batch => batch.Buffer!.Span.ToArray())];

        _sequence.OnDisconnected(nothingArrived: false);
        PendingBatch?[] again = [Take(), Take()];

        Assert.Equal(sent, again);
        Assert.Equal(before, again.Select(batch => batch!.Buffer!.Span.ToArray()));
    }

    [Fact]
    public void A_duplicate_is_a_success_with_the_original_offset()
    {
        PendingBatch batch = AddAndTake(1)[0];

        Answer(batch, new BatchResult { BaseOffset = 41, Duplicate = true });

        BatchOutcome outcome = Assert.Single(_outcomes);
        Assert.Null(outcome.Error);
        Assert.Equal(41, outcome.Result!.BaseOffset);
    }

    [Fact]
    public void Batches_behind_one_refused_for_good_take_its_numbers_and_go_again_in_order()
    {
        PendingBatch[] sent = AddAndTake(2, 3, 1);

        Answer(sent[0], SequenceModel.Refusal("MESSAGE_TOO_LARGE"));
        Answer(sent[1], SequenceModel.Refusal("OUT_OF_ORDER_SEQUENCE_NUMBER"));
        Assert.Null(Take());
        Answer(sent[2], SequenceModel.Refusal("PRECEDING_BATCH_REFUSED", retriable: true));

        Assert.Same(sent[1], Take());
        Assert.Same(sent[2], Take());
        Assert.Equal(0, new StoredBatchView(sent[1].Buffer!.Span).BaseSequence);
        Assert.Equal(3, new StoredBatchView(sent[2].Buffer!.Span).BaseSequence);
        BatchOutcome outcome = Assert.Single(_outcomes);
        Assert.Same(sent[0], outcome.Batch);
        Assert.Equal("MESSAGE_TOO_LARGE", outcome.Error!.Reason);
        Assert.True(outcome.Error.IsDefinite);
    }

    [Fact]
    public void A_batch_refused_for_now_is_sent_again_unchanged_after_a_wait()
    {
        PendingBatch batch = AddAndTake(1)[0];
        byte[] before = batch.Buffer!.Span.ToArray();

        Answer(batch, SequenceModel.Refusal("DISK_FULL", retriable: true));

        Assert.Null(Take(nowMs: 0));
        Assert.Same(batch, Take(nowMs: 100));
        Assert.Equal(before, batch.Buffer!.Span.ToArray());
        Assert.Empty(_outcomes);
    }

    [Fact]
    public void When_the_broker_forgot_the_producer_a_batch_in_doubt_fails_as_unknown_and_the_others_go_on()
    {
        PendingBatch inDoubt = AddAndTake(1)[0];
        _sequence.OnDisconnected(nothingArrived: false);
        Assert.Same(inDoubt, Take());
        PendingBatch sentOnce = AddAndTake(1)[0];

        Answer(inDoubt, SequenceModel.Refusal("UNKNOWN_PRODUCER_ID"));
        Reaction reaction = Answer(sentOnce, SequenceModel.Refusal("UNKNOWN_PRODUCER_ID"));
        Assert.Equal(Reaction.ReplaceIdentity, reaction & Reaction.ReplaceIdentity);
        Assert.Null(Take());
        ProducerIdentity another = _broker.NewProducer();
        _sequence.Rebase(another, _outcomes);

        BatchOutcome outcome = Assert.Single(_outcomes);
        Assert.Same(inDoubt, outcome.Batch);
        Assert.False(outcome.Error!.IsDefinite);
        Assert.Same(sentOnce, Take());
        Assert.Equal(another.Id, new StoredBatchView(sentOnce.Buffer!.Span).ProducerId);
        Assert.Equal(0, sentOnce.BaseSequence);
    }

    [Fact]
    public void A_batch_stands_in_the_transaction_that_was_begun_even_if_the_sender_still_has_the_one_before()
    {
        ProducerIdentity before = _identity.Within(new FrameTransaction(Incarnation: 9, Number: 1, TimeoutMs: 1000));
        ProducerIdentity begun = _identity.Within(new FrameTransaction(Incarnation: 9, Number: 2, TimeoutMs: 1000));

        _sequence.Restart(begun);
        _sequence.Add(SequenceModel.NewBatch(1, 1));
        PendingBatch batch = _sequence.TryTake(nowMs: 0, before)!;

        Assert.Same(begun, batch.StampedIdentity);
    }

    [Fact]
    public void A_batch_that_never_left_because_nothing_listened_is_not_in_doubt()
    {
        AddAndTake(1);

        _sequence.OnDisconnected(nothingArrived: true);
        _sequence.Expire(createdBeforeMs: 100, SequenceModel.Expired, _outcomes, out _);

        Assert.True(Assert.Single(_outcomes).Error!.IsDefinite);
    }

    [Fact]
    public void A_batch_in_flight_does_not_expire_but_asks_for_the_end_of_its_stream()
    {
        AddAndTake(1);

        _sequence.Expire(createdBeforeMs: 100, SequenceModel.Expired, _outcomes, out bool inFlightExpired);

        Assert.True(inFlightExpired);
        Assert.Empty(_outcomes);
    }

    [Fact]
    public void Behind_one_refused_for_good_batches_whose_answers_were_lost_go_on_under_a_new_id()
    {
        // Its copy, still on the way, would fit behind the batch that takes the refused one's numbers.
        PendingBatch[] sent = AddAndTake(1, 1, 1);
        Answer(sent[0], SequenceModel.Refusal("INVALID_RECORD"));

        Reaction reaction = _sequence.OnDisconnected(nothingArrived: false);

        Assert.Equal(Reaction.ReplaceIdentity, reaction & Reaction.ReplaceIdentity);
        _sequence.Rebase(_broker.NewProducer(), _outcomes);
        Assert.Same(sent[0], Assert.Single(_outcomes).Batch);
        Assert.Same(sent[1], Take());
        Assert.Same(sent[2], Take());
    }

    [Fact]
    public void A_sequence_that_the_broker_lost_is_begun_anew_under_another_id()
    {
        PendingBatch batch = AddAndTake(1)[0];

        Reaction reaction = Answer(batch, SequenceModel.Refusal("OUT_OF_ORDER_SEQUENCE_NUMBER"));

        Assert.Equal(Reaction.ReplaceIdentity, reaction & Reaction.ReplaceIdentity);
        Assert.Empty(_outcomes);
    }

    [Fact]
    public void In_a_topic_created_again_sequences_begin_at_zero_and_checksums_are_the_new_topics()
    {
        PendingBatch[] sent = AddAndTake(1, 1);
        Answer(sent[0], new BatchResult());
        Reaction reaction = Answer(sent[1], SequenceModel.Refusal("UNKNOWN_TOPIC_OR_PARTITION"));
        Assert.Equal(Reaction.RefreshTopic, reaction & Reaction.RefreshTopic);
        Assert.Null(Take());

        Assert.True(_sequence.TryRetarget(seed: 99, _outcomes));

        Assert.Same(sent[1], Take());
        Assert.Equal(BatchError.None, StoredBatch.Validate(sent[1].Buffer!.Span, seed: 99, int.MaxValue));
        Assert.Equal(0, sent[1].BaseSequence);
    }

    [Fact]
    public void A_fenced_producer_fails_its_batch_for_ever()
    {
        PendingBatch batch = AddAndTake(1)[0];

        Reaction reaction = Answer(batch, SequenceModel.Refusal("INVALID_PRODUCER_EPOCH"));

        Assert.Equal(Reaction.FailProducer, reaction & Reaction.FailProducer);
        Assert.IsType<Broker.Client.FatalException>(Assert.Single(_outcomes).Error);
    }

    [Fact]
    public void Under_the_next_epoch_what_was_written_is_sent_again_as_it_was_and_the_rest_is_numbered_behind_it()
    {
        var named = new ProducerIdentity(_identity.Id, epoch: 0, positions: []);
        foreach (int count in (int[])[2, 3, 1])
        {
            _sequence.Add(SequenceModel.NewBatch(number: 1, count));
        }

        PendingBatch[] sent = [.. Enumerable.Range(0, 3).Select(_ => _sequence.TryTake(nowMs: 0, named)!)];
        _sequence.OnDisconnected(nothingArrived: false);
        Assert.Same(sent[0], Take());
        var reopened = new ProducerIdentity(_identity.Id, epoch: 1, positions: []);
        Reaction reaction = Answer(sent[0], SequenceModel.Refusal("INVALID_PRODUCER_EPOCH"));
        Assert.Equal(Reaction.ReplaceIdentity, reaction & (Reaction.ReplaceIdentity | Reaction.FailProducer));

        _sequence.Rebase(reopened, _outcomes, firstSequence: 2);
        _sequence.Add(SequenceModel.NewBatch(number: 1, recordCount: 4));
        PendingBatch[] again = [Take()!, Take()!, Take()!];

        Assert.Equal(sent, again);
        Assert.Equal([0L, 2, 5], again.Select(batch => new StoredBatchView(batch.Buffer!.Span).BaseSequence));
        Assert.All(again, batch => Assert.Equal(1, new StoredBatchView(batch.Buffer!.Span).ProducerEpoch));
        Answer(again[0], new BatchResult { BaseOffset = 7, Duplicate = true });
        Answer(again[1], SequenceModel.Refusal("MESSAGE_TOO_LARGE"));
        Assert.True(_outcomes[^1].Error!.IsDefinite);
    }

    [Fact]
    public void A_producer_without_a_name_ends_when_somebody_else_goes_on_under_its_id()
    {
        PendingBatch batch = AddAndTake(1)[0];
        Reaction reaction = Answer(batch, SequenceModel.Refusal("INVALID_PRODUCER_EPOCH"));
        Assert.Equal(Reaction.FailProducer, reaction & (Reaction.ReplaceIdentity | Reaction.FailProducer));
        Assert.IsType<Broker.Client.FatalException>(Assert.Single(_outcomes).Error);
    }

    [Fact]
    public void A_first_batch_in_line_that_comes_too_early_has_lost_its_place_whatever_the_broker_calls_it()
    {
        PendingBatch batch = AddAndTake(1)[0];
        Reaction reaction = Answer(batch, SequenceModel.Refusal("PRECEDING_BATCH_REFUSED", retriable: true));
        Assert.Equal(Reaction.ReplaceIdentity, reaction & Reaction.ReplaceIdentity);
    }

    [Fact]
    public void In_a_topic_that_was_made_anew_a_named_producer_goes_on_where_it_was_in_that()
    {
        PendingBatch batch = AddAndTake(1)[0];
        Answer(batch, SequenceModel.Refusal("UNKNOWN_TOPIC_OR_PARTITION"));
        Assert.True(_sequence.TryRetarget(seed: 9, _outcomes, firstSequence: 12));
        Assert.Same(batch, Take());
        Assert.Equal(12, new StoredBatchView(batch.Buffer!.Span).BaseSequence);
    }

    [Fact]
    public void A_partition_begins_where_its_named_producer_was()
    {
        _sequence.Add(SequenceModel.NewBatch(number: 1, recordCount: 2));
        PendingBatch batch = _sequence.TryTake(nowMs: 0, _identity, firstSequence: 41)!;
        Assert.Equal(41, new StoredBatchView(batch.Buffer!.Span).BaseSequence);
    }

    private PendingBatch[] AddAndTake(params int[] recordCounts)
    {
        return [.. recordCounts.Select(count =>
        {
            _sequence.Add(SequenceModel.NewBatch(number: 1, count));
            return Take()!;
        })];
    }

    private PendingBatch? Take(long nowMs = 0) => _sequence.TryTake(nowMs, _identity);

    private Reaction Answer(PendingBatch batch, BatchResult result) => _sequence.OnResult(batch, result, nowMs: 0, _outcomes);
}
