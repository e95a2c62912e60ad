using System.Reflection;
using System.Text;
using Broker.Records;
using Broker.Tests.Tidy;

namespace Broker.Tests.Records;

/// <summary>The tables of docs/format.md on batches say what the constants say.</summary>
public sealed class FormatDocumentTests
{
    private const string NoSize = "–";

    [Fact]
    public void The_table_of_the_stored_batch_equals_its_layout()
    {
        (string Name, int At)[] fields = [.. typeof(StoredBatchLayout)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (Name: SnakeCase(field.Name[..^"At".Length]), At: (int)field.GetRawConstantValue()!))
            .OrderBy(field => field.At)];
        string[][] expected = [.. fields.Select((field, index) => new[]
        {
            field.Name,
            $"{field.At}",
            index + 1 < fields.Length ? $"{fields[index + 1].At - field.At}" : NoSize,
        })];

        Assert.Equal(expected, Table("| field | at | size | meaning |").Select(row => row[..3]));
    }

    [Fact]
    public void The_table_of_codecs_equals_the_enum()
    {
        Dictionary<string, string> documented = Table("| codec | bits | records |").ToDictionary(row => row[0], row => row[1]);
        foreach (Codec codec in Enum.GetValues<Codec>())
        {
            Assert.Equal($"{(int)codec}", documented[codec.ToString().ToLowerInvariant()]);
        }
    }

    [Fact]
    public void The_limits_of_decompression_are_named()
    {
        string section = string.Join(' ', Section());
        Assert.Contains($"{Limits.DecompressedBytesMax >> 20} MiB, and {Limits.DecompressionRatioMax} times", section);
        Assert.Contains($"only above {Limits.DecompressionRatioFloorBytes >> 20} MiB", section);
        Assert.Contains($"blocks of at most {Limits.Lz4BlockBytesMax >> 10} KiB", section);
        Assert.Contains($"zstd is written at level {Limits.ZstdLevel} ", section);
    }

    /// <summary>Rows of the table in the section on stored batches that has this head, cells trimmed.</summary>
    private static string[][] Table(string head)
    {
        string[][] rows = [.. Section()
            .SkipWhile(line => line != head)
            .Skip(2)
            .TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Trim('|').Split('|').Select(cell => cell.Trim()).ToArray())];
        Assert.NotEmpty(rows);
        return rows;
    }

    private static IEnumerable<string> Section() => File
        .ReadLines(Path.Combine(Repository.Root, "docs/format.md"))
        .SkipWhile(line => line != "## Stored batch")
        .Skip(1)
        .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal));

    private static string SnakeCase(string name)
    {
        var snake = new StringBuilder();
        foreach (char letter in name)
        {
            if (char.IsUpper(letter) && snake.Length > 0)
            {
                snake.Append('_');
            }

            snake.Append(char.ToLowerInvariant(letter));
        }

        return snake.ToString();
    }
}
