// Each test starts brokers and loads them: side by side they would measure each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
