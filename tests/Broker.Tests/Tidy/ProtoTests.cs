using System.Reflection;
using System.Text.RegularExpressions;
using Broker.Protocol.V1;
using Google.Protobuf.Reflection;

namespace Broker.Tests.Tidy;

/// <summary>The rules of buf lint's STANDARD set that the contract follows.</summary>
public sealed partial class ProtoTests
{
    private static readonly FileDescriptor[] Contract =
    [
        .. typeof(ProduceRequest).Assembly.GetTypes()
            .Select(type => type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)?.GetValue(null))
            .OfType<FileDescriptor>()
            .Where(file => file.Package.StartsWith("broker.", StringComparison.Ordinal)),
    ];

    private static IEnumerable<MessageDescriptor> Messages => Contract.SelectMany(file => file.MessageTypes).SelectMany(WithNested);

    private static IEnumerable<EnumDescriptor> Enums =>
        Contract.SelectMany(file => file.EnumTypes).Concat(Messages.SelectMany(message => message.EnumTypes));

    private static IEnumerable<MethodDescriptor> Methods => Contract.SelectMany(file => file.Services).SelectMany(service => service.Methods);

    [Fact]
    public void Every_file_of_the_contract_is_compiled() =>
        Assert.Equal(
            Repository.Files("proto", "*.proto").Select(file => Path.GetRelativePath(Path.Combine(Repository.Root, "proto"), file).Replace('\\', '/')),
            Contract.Select(file => file.Name).Order(StringComparer.Ordinal));

    [Fact]
    public void A_file_lies_in_the_folder_of_its_versioned_package() =>
        Assert.All(Contract, file =>
        {
            Assert.Matches(@"^broker(\.[a-z]+)*\.v[0-9]+$", file.Package);
            Assert.Matches("^" + file.Package.Replace('.', '/') + "/[a-z_]+\\.proto$", file.Name);
        });

    [Fact]
    public void Services_end_in_Service() =>
        Assert.All(Contract.SelectMany(file => file.Services), service => Assert.EndsWith("Service", service.Name, StringComparison.Ordinal));

    [Fact]
    public void Each_call_has_a_request_and_a_response_of_its_own()
    {
        Assert.All(Methods, method =>
        {
            Assert.Equal(method.Name + "Request", method.InputType.Name);
            Assert.Equal(method.Name + "Response", method.OutputType.Name);
        });
        string[] used = [.. Methods.SelectMany(method => new[] { method.InputType.FullName, method.OutputType.FullName })];
        Assert.Equal(used.Distinct(), used);
    }

    [Fact]
    public void Names_follow_their_cases()
    {
        Assert.All(Messages.Where(message => !IsMapEntry(message)), message => Assert.Matches(PascalCase(), message.Name));
        Assert.All(Messages.SelectMany(message => message.Fields.InDeclarationOrder()), field => Assert.Matches(LowerSnakeCase(), field.Name));
        Assert.All(Enums, type => Assert.Matches(PascalCase(), type.Name));
    }

    [Fact]
    public void Enum_values_carry_the_name_of_their_enum_and_zero_is_unspecified() =>
        Assert.All(Enums, type =>
        {
            string prefix = WordStart().Replace(type.Name, "_$0").ToUpperInvariant() + "_";
            Assert.All(type.Values, value => Assert.StartsWith(prefix, value.Name, StringComparison.Ordinal));
            Assert.Equal(prefix + "UNSPECIFIED", type.FindValueByNumber(0)?.Name);
        });

    [Fact]
    public void Services_say_what_they_are_for()
    {
        var silent = new List<string>();
        foreach (string file in Repository.Files("proto", "*.proto"))
        {
            string[] lines = File.ReadAllLines(file);
            for (int line = 0; line < lines.Length; line++)
            {
                bool opensService = lines[line].StartsWith("service ", StringComparison.Ordinal);
                if (opensService && (line == 0 || !lines[line - 1].StartsWith("//", StringComparison.Ordinal)))
                {
                    silent.Add($"{Repository.Relative(file)}: {lines[line]}");
                }
            }
        }

        Expect.Nothing(silent);
    }

    private static IEnumerable<MessageDescriptor> WithNested(MessageDescriptor message) =>
        message.NestedTypes.SelectMany(WithNested).Prepend(message);

    private static bool IsMapEntry(MessageDescriptor message) => message.GetOptions()?.MapEntry == true;

    [GeneratedRegex("^([A-Z][a-z0-9]*)+$")]
    private static partial Regex PascalCase();

    [GeneratedRegex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]
    private static partial Regex LowerSnakeCase();

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex WordStart();
}
