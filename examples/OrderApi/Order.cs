namespace OrderApi;

/// <param name="Number">Given by the caller: an order that comes twice has the same number.</param>
internal sealed record Order(int Number, string Customer, decimal Total);
