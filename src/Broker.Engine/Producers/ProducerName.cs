using Broker.Engine.Topics;

namespace Broker.Engine.Producers;

/// <summary>The rule for names of producers, which is that for topics.</summary>
internal static class ProducerName
{
    /// <exception cref="BrokerException">InvalidRequest, saying what is wrong.</exception>
    public static void Check(string name)
    {
        if (TopicName.WhatIsWrong(name) is { } wrong)
        {
            throw new BrokerException(
                BrokerError.InvalidRequest, $"{TopicName.Quoted(name)} is no name for a producer: {wrong}. {TopicName.Rule}",
                new Dictionary<string, string> { ["length"] = name.Length.ToString(), ["limit"] = TopicName.LengthMax.ToString() });
        }
    }
}
