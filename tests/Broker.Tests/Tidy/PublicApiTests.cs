using System.Reflection;

namespace Broker.Tests.Tidy;

public sealed class PublicApiTests
{
    [Fact]
    public void A_package_shows_what_its_listing_says() =>
        Assert.All(PublicApi.Packages, package =>
        {
            string found = package.Listing();
            Assert.True(
                package.Listed == found,
                "What users of a package can name has changed. Is it meant? Then run tests/public-api --accept and commit "
                + $"{Repository.Relative(package.File)}, with a line in CHANGELOG.md.\n{string.Join('\n', PublicApi.Differences(package.Listed, found))}");
        });

    [Fact]
    public void Nothing_else_is_public() =>
        Expect.Nothing(
            from assembly in PublicApi.Inner
            from type in assembly.GetExportedTypes()
            select $"{assembly.GetName().Name}: {type.FullName} is public; what packages promise stands in Broker.Client, Broker.Client.Testing and Broker.Records alone");

    [Fact]
    public void What_is_promised_names_nothing_that_is_not()
    {
        // Types of the wire in a signature would bind users to the version of the protocol.
        Expect.Nothing(
            from assembly in PublicApi.Packages.SelectMany(package => package.Promised)
            from type in assembly.GetExportedTypes()
            from used in type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly).SelectMany(TypesOf)
            where used.Namespace is { } name && (name.StartsWith("Google.", StringComparison.Ordinal) || name.StartsWith("Grpc.", StringComparison.Ordinal))
            select $"{type.FullName} shows {used.FullName}");
    }

    [Fact]
    public void A_change_is_said_with_the_type_it_is_in()
    {
        const string before = "namespace N\n{\n    public class A\n    {\n        public void M() { }\n    }\n}\n";
        string now = before.Replace("M()", "M(int x)", StringComparison.Ordinal);
        Assert.Equal(["- public void M() { }    in public class A", "+ public void M(int x) { }    in public class A"], PublicApi.Differences(before, now));
    }

    private static IEnumerable<Type> TypesOf(MemberInfo member) => member switch
    {
        MethodBase method => method.GetParameters().Select(parameter => parameter.ParameterType)
            .Concat(method is MethodInfo { ReturnType: var returned } ? [returned, .. returned.GetGenericArguments()] : []),
        PropertyInfo property => [property.PropertyType],
        FieldInfo field => [field.FieldType],
        _ => [],
    };
}
