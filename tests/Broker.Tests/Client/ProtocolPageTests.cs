using System.Text;
using System.Text.RegularExpressions;
using Broker.Client;
using Broker.Engine;
using Broker.Records;
using Broker.Server.Services;
using Broker.Server.Streams;
using Broker.Tests.Tidy;

namespace Broker.Tests.Client;

public partial class ProtocolPageTests
{
    private static readonly Dictionary<string, string[]> Rows = File
        .ReadAllLines(Path.Combine(Repository.Root, "docs", "protocol.md"))
        .Select(line => Row().Match(line))
        .Where(match => match.Success)
        .ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value.Split('|', StringSplitOptions.TrimEntries));

    [Fact]
    public void The_table_of_errors_says_what_the_broker_answers()
    {
        foreach (BrokerError error in Enum.GetValues<BrokerError>().Where(error => error != BrokerError.None))
        {
            ErrorRule rule = ErrorMap.Of(error);
            Assert.True(Rows.TryGetValue(rule.Reason, out string[]? row), $"docs/protocol.md does not list {rule.Reason}.");
            Assert.Equal(rule.Status.ToString(), row[0].Replace("_", "", StringComparison.Ordinal), ignoreCase: true);
            Assert.Equal(rule.IsRetriable ? "yes" : "no", row[1].Trim('*'));
            Assert.Equal(rule.IsDefinite ? "yes" : "no", row[2].Trim('*'));
        }
    }

    [Fact]
    public void Every_reason_that_the_client_knows_is_on_the_page()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "protocol.md"));
        foreach (var field in typeof(ErrorReasons).GetFields())
        {
            string reason = (string)field.GetValue(null)!;
            Assert.True(reason is "TRANSACTION_ABORTABLE" || page.Contains($"`{reason}`", StringComparison.Ordinal), reason);
        }
    }

    [Fact]
    public void The_limits_of_a_plain_read_and_the_values_of_the_hash_are_those_of_the_code()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "protocol.md"));
        Assert.Contains($"At most {StreamLimits.ReadRecordsMax:N0} records come at once", page, StringComparison.Ordinal);
        Assert.Contains($"`max_wait_ms` (up to {StreamLimits.ReadWaitMax.TotalMilliseconds:N0};", page, StringComparison.Ordinal);
        foreach (string key in (string[])["21", "foobar", "a-little-bit-long-string"])
        {
            int hash = (int)Murmur2.Hash(Encoding.UTF8.GetBytes(key));
            Assert.Contains($"−{-(long)hash} for `{key}`", page, StringComparison.Ordinal);
        }
    }

    [GeneratedRegex(@"^\| `([A-Z_]+)` \| (.*) \|")]
    private static partial Regex Row();
}
