using Broker.Engine.Text;

namespace Broker.Tests.Engine;

public sealed class NearestNameTests
{
    [Theory]
    [InlineData("order", "orders")]
    [InlineData("odrers", "orders")]
    [InlineData("orders1", "orders")]
    [InlineData("clicks", "clicks-eu")]
    [InlineData("clicksus", "clicks-us")]
    public void The_nearest_of_the_known_names_is_found(string unknown, string nearest) =>
        Assert.Equal(nearest, NearestName.Find(unknown, ["a", "orders", "clicks-eu", "clicks-us"], distanceMax: 3));

    [Theory]
    [InlineData("payments")]
    [InlineData("odrsre")]
    [InlineData("")]
    [InlineData("b")]
    public void Where_none_is_near_none_is_named(string unknown) =>
        Assert.Null(NearestName.Find(unknown, ["a", "orders", "clicks-eu"]));
}
