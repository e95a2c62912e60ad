using Broker.Engine.State;

namespace Broker.Tests.Engine;

/// <summary>Random changes, as checkpoints write them, against a sorted dictionary that takes one after the other.</summary>
public sealed class StoredStateTests
{
    private const StateFamily Family = StateFamily.Sequences;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Changes_come_to_what_a_dictionary_holds_that_took_them_one_after_the_other(int seed)
    {
        var random = new Random(seed);
        var model = new SortedDictionary<string, string>(StringComparer.Ordinal);
        using var state = new StoredState();
        for (int record = 0; record < 20; record++)
        {
            using var changes = new StateChanges();
            for (int i = random.Next(200); i > 0; i--)
            {
                Change(changes, model, random);
            }

            state.Apply(changes.Record);
            AssertSame(model, state);
        }

        using StateChanges puts = state.AsPuts();
        Assert.Equal(model.Count, puts.Count);
        using var again = new StoredState();
        again.Apply(puts.Record);
        AssertSame(model, again);
    }

    [Fact]
    public void Families_do_not_mix_and_what_was_disposed_cannot_be_read()
    {
        var changes = new StateChanges();
        changes.Put(StateFamily.Topics, [1], [10]);
        changes.Put(StateFamily.Producers, [1], [20]);
        changes.DeletePrefix(StateFamily.Topics, [1]);
        var state = new StoredState(changes);
        Assert.Empty(state.Family(StateFamily.Topics));
        Assert.Empty(state.Family(StateFamily.Offsets));
        StateChange put = Assert.Single(state.Family(StateFamily.Producers));
        Assert.Equal(20, put.Value.Span[0]);
        state.Dispose();
        Assert.Throws<ObjectDisposedException>(() => put.Value.Span[0]);
    }

    /// <summary>Keys are a prefix of two bytes, of which few have more than one key, and one byte more.</summary>
    private static void Change(StateChanges changes, SortedDictionary<string, string> model, Random random)
    {
        byte[] key = [(byte)'t', (byte)('0' + random.Next(5)), (byte)('a' + random.Next(20))];
        string text = Text(key);
        switch (random.Next(20))
        {
            case 0:
                changes.DeletePrefix(Family, key.AsSpan(0, 2));
                foreach (string gone in model.Keys.Where(k => k.StartsWith(text[..2], StringComparison.Ordinal)).ToArray())
                {
                    model.Remove(gone);
                }

                break;
            case < 5:
                changes.Delete(Family, key);
                model.Remove(text);
                break;
            default:
                byte[] value = new byte[random.Next(1, 40)];
                random.NextBytes(value);
                changes.Put(Family, key, value);
                model[text] = Convert.ToHexString(value);
                break;
        }
    }

    private static void AssertSame(SortedDictionary<string, string> model, StoredState state) => Assert.Equal(
        model.Select(pair => (pair.Key, pair.Value)),
        state.Family(Family).Select(put => (Text(put.Key.Span), Convert.ToHexString(put.Value.Span))));

    private static string Text(ReadOnlySpan<byte> key) => System.Text.Encoding.ASCII.GetString(key);
}
