using Broker.Client.Producing;
using Broker.Protocol.V1;
using Xunit.Abstractions;

namespace Broker.Tests.Client;

/// <summary>
/// Goal: whatever the network and the broker do, no record is twice in the log, none is in it that was reported as
/// definitely not written, none that was acknowledged is missing, and the log keeps the order of sending.
/// Method: random histories of one partition against <see cref="SequenceModel"/>, with copies of broken connections that
/// arrive late. Each seed is a history; a failing one prints itself.
/// </summary>
public class BatchSequenceFuzzTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_history_keeps_each_record_once_and_in_order(int group)
    {
        for (int seed = group * 2500; seed < (group + 1) * 2500; seed++)
        {
            var history = new History(seed);
            try
            {
                history.Run();
            }
            catch
            {
                output.WriteLine($"seed {seed}");
                foreach (string step in history.Steps)
                {
                    output.WriteLine(step);
                }

                throw;
            }
        }
    }

    private sealed class History(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly SequenceModel _broker = new();
        private readonly BatchSequence _sequence = SequenceModel.NewSequence(inFlightMax: 1 + new Random(seed).Next(6));

        // What was written to the current connection and not yet received, in order; then what awaits its answer.
        private readonly Queue<(PendingBatch Batch, byte[] Bytes)> _wire = new();
        private readonly Queue<(PendingBatch Batch, BatchResult Result)> _answers = new();

        // What broken connections still hold; the broker may read it at any time, in each connection's order.
        private readonly List<Queue<byte[]>> _late = [];
        private readonly List<BatchOutcome> _outcomes = [];
        private readonly Dictionary<PendingBatch, long> _numbers = [];
        private ProducerIdentity _identity = null!;
        private Reaction _wanted;
        private long _lastNumber;
        private long _nowMs;

        public List<string> Steps { get; } = [];

        public void Run()
        {
            _broker.RefusesBeforeSequences = _random.Next(2) == 0;
            _identity = _broker.NewProducer();
            int steps = 20 + _random.Next(150);

            // Swarm: each history leaves some kinds of events out, so that the others reach further.
            int[] weights = [.. Enumerable.Range(0, 12).Select(_ => _random.Next(3) == 0 ? 0 : 1 + _random.Next(10))];
            weights[0] = 5;
            weights[1] = 5;
            for (int i = 0; i < steps; i++)
            {
                _nowMs++;
                Step(Pick(weights));
            }

            Finish();
            Check();
        }

        private void Step(int kind)
        {
            switch (kind)
            {
                case 0:
                    Add();
                    break;
                case 1:
                    Send();
                    break;
                case 2:
                    Receive();
                    break;
                case 3:
                    Answer();
                    break;
                case 4:
                    Disconnect(nothingArrived: false);
                    break;
                case 5:
                    ReceiveLate();
                    break;
                case 6:
                    Note($"busy {_broker.IsBusy = !_broker.IsBusy}");
                    break;
                case 7 when _random.Next(4) == 0:
                    Note("forget producers");
                    _broker.ForgetProducers();
                    break;
                case 8 when _random.Next(3) == 0:
                    Expire();
                    break;
                case 9 when _wire.Count + _answers.Count == 0:
                    Send();
                    _wire.Clear();
                    Disconnect(nothingArrived: true);
                    break;
                case 10 when _random.Next(4) == 0:
                    Note("lose power");
                    _broker.LosePower();
                    Disconnect(nothingArrived: false);

                    // No connection survives that, and nothing that it held.
                    _late.Clear();
                    break;
                case 11 when _lastNumber > 0:
                    ChangeLimits();
                    break;
                default:
                    Receive();
                    Answer();
                    break;
            }

            if (_wanted != Reaction.None && _random.Next(2) == 0)
            {
                React();
            }
        }

        private void Add()
        {
            PendingBatch batch = SequenceModel.NewBatch(++_lastNumber, recordCount: 1 + _random.Next(2));
            _numbers[batch] = _lastNumber;
            if (_random.Next(12) == 0)
            {
                _broker.Poisoned.Add(_lastNumber);
            }

            _sequence.Add(batch);
            Note($"add {_lastNumber} x{batch.RecordCount}{(_broker.Poisoned.Contains(_lastNumber) ? " poisoned" : "")}");
        }

        private void Send()
        {
            if (_sequence.TryTake(_nowMs, _identity) is { } batch)
            {
                _wire.Enqueue((batch, batch.Buffer!.Span.ToArray()));
                Note($"send {_numbers[batch]} as {batch.StampedIdentity!.Id}/{batch.BaseSequence}");
            }
        }

        private void Receive()
        {
            if (_wire.TryDequeue(out var sent))
            {
                BatchResult result = _broker.Receive(sent.Bytes);
                _answers.Enqueue((sent.Batch, result));
                Note($"receive {_numbers[sent.Batch]}: {result.Error?.Reason ?? (result.Duplicate ? "duplicate" : "ok")}");
            }
        }

        private void Answer()
        {
            if (_answers.TryDequeue(out var answer))
            {
                Note($"answer {_numbers[answer.Batch]}");
                _wanted |= _sequence.OnResult(answer.Batch, answer.Result, _nowMs, _outcomes);
            }
        }

        private void Disconnect(bool nothingArrived)
        {
            Note($"disconnect, {_wire.Count} late{(nothingArrived ? ", nothing arrived" : "")}");
            _late.Add(new Queue<byte[]>(_wire.Select(sent => sent.Bytes)));
            _wire.Clear();
            _answers.Clear();
            _wanted |= _sequence.OnDisconnected(nothingArrived);
        }

        private void ReceiveLate()
        {
            if (_late.Count == 0)
            {
                return;
            }

            Queue<byte[]> connection = _late[_random.Next(_late.Count)];
            if (connection.TryDequeue(out byte[]? bytes))
            {
                BatchResult result = _broker.Receive(bytes);
                Note($"receive late {SequenceModel.NumberOf(bytes)}: {result.Error?.Reason ?? "ok"}");
            }
        }

        private void Expire()
        {
            long before = _lastNumber - _random.Next(8);
            Note($"expire before {before}");
            _wanted |= _sequence.Expire(before, SequenceModel.Expired, _outcomes, out _);
        }

        private void ChangeLimits()
        {
            long number = 1 + _random.NextInt64(_lastNumber);
            bool isPoisoned = _broker.Poisoned.Add(number) || !_broker.Poisoned.Remove(number);
            Note($"{(isPoisoned ? "poison" : "cure")} {number}");
        }

        private void React()
        {
            Reaction wanted = _wanted;
            _wanted = Reaction.None;
            if ((wanted & Reaction.ReplaceIdentity) != 0)
            {
                _identity = _broker.NewProducer();
                Note($"rebase on {_identity.Id}");
                _sequence.Rebase(_identity, _outcomes);
            }
        }

        /// <summary>The broker and the network behave from now on: everything must come to an end.</summary>
        private void Finish()
        {
            _broker.IsBusy = false;
            for (int round = 0; round < 5000 && !(_sequence.IsEmpty && _wire.Count + _answers.Count == 0); round++)
            {
                _nowMs += 10;
                React();
                Send();
                Receive();
                Answer();
            }

            Assert.True(_sequence.IsEmpty, "Batches were left behind.");
            while (_late.Exists(connection => connection.Count > 0))
            {
                ReceiveLate();
            }
        }

        private void Check()
        {
            Assert.Equal(_numbers.Count, _outcomes.Count);
            Assert.Equal(_outcomes.Count, _outcomes.Select(outcome => outcome.Batch).Distinct().Count());
            foreach (BatchOutcome outcome in _outcomes)
            {
                int times = _broker.Log.Count(number => number == _numbers[outcome.Batch]);
                (int least, int most) = outcome.Error switch
                {
                    null => (_broker.Lost.Contains(_numbers[outcome.Batch]) ? 0 : 1, 1),
                    { IsDefinite: true } => (0, 0),
                    _ => (0, 1),
                };
                Assert.True(
                    times >= least && times <= most,
                    $"{_numbers[outcome.Batch]} is {times} times in the log: {outcome.Error?.Reason} {outcome.Error?.IsDefinite}");
            }

            // Copies of an unknown outcome, or of one lost with the power, may come in at any later time.
            HashSet<long> acknowledged = [.. _outcomes.Where(o => o.Error is null).Select(o => _numbers[o.Batch])];
            long[] log = [.. _broker.Log.Where(number => acknowledged.Contains(number) && !_broker.Lost.Contains(number))];
            Assert.Equal(log.Order(), log);
        }

        private int Pick(int[] weights)
        {
            int at = _random.Next(weights.Sum());
            for (int kind = 0; ; kind++)
            {
                if ((at -= weights[kind]) < 0)
                {
                    return kind;
                }
            }
        }

        private void Note(string step) => Steps.Add(step);
    }
}
