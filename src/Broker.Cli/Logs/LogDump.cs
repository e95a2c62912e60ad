using System.Text;
using System.Text.Json;
using Broker.Cli.Output;
using Broker.Engine.Inspection;

namespace Broker.Cli.Logs;

/// <summary>The contents of a data directory, one batch or frame a line. Written as it is read: a log may be large.</summary>
internal sealed class LogDump(TextWriter output, bool asJson)
{
    public void WriteJournal(DataDirectory data, CancellationToken cancellation)
    {
        string? file = null;
        foreach (FrameInfo frame in data.Frames())
        {
            cancellation.ThrowIfCancellationRequested();
            if (asJson)
            {
                WriteLine(json => Write(json, frame));
                continue;
            }

            if (frame.File != file)
            {
                file = frame.File;
                output.WriteLine($"journal file {file}");
                output.WriteLine($"  {"POSITION",10} {"SIZE",9} {"LSN",12} {"DURABLE UP TO",14}  KIND");
            }

            output.WriteLine(
                $"  {frame.Position,10} {frame.SizeBytes,9} {frame.Lsn,12} {frame.DurableUpTo,14}  {frame.Kind}"
                + (frame.IsGroupLast ? ", ends its group" : ""));
        }
    }

    /// <param name="data">Where from.</param>
    /// <param name="topic">Name or id; null for all.</param>
    /// <param name="partition">Null for all.</param>
    /// <param name="cancellation">Asked between batches.</param>
    public void WriteBatches(DataDirectory data, string? topic, int? partition, CancellationToken cancellation)
    {
        SegmentInfo[] wanted = [.. data.Segments().Where(segment =>
            (topic is null || segment.Topic == topic || segment.TopicId == topic)
            && (partition is null || segment.Partition == partition))];
        if (wanted.Length == 0 && (topic is not null || partition is not null))
        {
            throw new CliException("nothing in this data directory has that topic and partition");
        }

        foreach (SegmentInfo segment in wanted)
        {
            if (!asJson)
            {
                WriteTitle(segment);
            }

            foreach (BatchInfo batch in data.Batches(segment))
            {
                cancellation.ThrowIfCancellationRequested();
                if (asJson)
                {
                    WriteLine(json => Write(json, segment, batch));
                }
                else
                {
                    Write(batch);
                }
            }
        }
    }

    private static void Write(Utf8JsonWriter json, FrameInfo frame)
    {
        json.WriteString("file", frame.File);
        json.WriteNumber("position", frame.Position);
        json.WriteNumber("size_bytes", frame.SizeBytes);
        json.WriteNumber("lsn", frame.Lsn);
        json.WriteNumber("durable_up_to", frame.DurableUpTo);
        json.WriteString("kind", frame.Kind);
        json.WriteBoolean("group_last", frame.IsGroupLast);
    }

    private static void Write(Utf8JsonWriter json, SegmentInfo segment, BatchInfo batch)
    {
        json.WriteString("topic", segment.Topic);
        json.WriteNumber("partition", segment.Partition);
        json.WriteString("file", segment.Path);
        json.WriteNumber("position", batch.Position);
        json.WriteNumber("size_bytes", batch.SizeBytes);
        json.WriteNumber("base_offset", batch.BaseOffset);
        json.WriteNumber("last_offset", batch.LastOffset);
        json.WriteNumber("records", batch.RecordCount);
        json.WriteString("codec", batch.Codec);
        json.WriteNumber("max_timestamp_ms", batch.MaxTimestampMs);
        json.WriteNumber("append_time_ms", batch.AppendTimeMs);
        json.WriteNumber("lsn", batch.Lsn);
        json.WriteNumber("producer_id", batch.ProducerId);
        json.WriteNumber("producer_epoch", batch.ProducerEpoch);
        json.WriteNumber("base_sequence", batch.BaseSequence);
    }

    private void WriteTitle(SegmentInfo segment)
    {
        output.WriteLine(
            $"topic {segment.Topic}, partition {segment.Partition}, "
            + $"{(segment.IsSealed ? "sealed" : "active")} segment {segment.Path}, offsets {segment.BaseOffset} to {segment.NextOffset - 1}, {segment.EndPosition} bytes");
        output.WriteLine(
            $"  {"POSITION",10} {"SIZE",8} {"OFFSET",10} {"LAST",10} {"RECORDS",7} {"CODEC",-5} {"MAX TIMESTAMP",-24} "
            + $"{"APPENDED",-24} {"LSN",10} PRODUCER/EPOCH/SEQUENCE");
    }

    private void Write(BatchInfo batch)
    {
        string producer = batch.ProducerId < 0 ? "-" : $"{batch.ProducerId}/{batch.ProducerEpoch}/{batch.BaseSequence}";
        output.WriteLine(
            $"  {batch.Position,10} {batch.SizeBytes,8} {batch.BaseOffset,10} {batch.LastOffset,10} {batch.RecordCount,7} "
            + $"{batch.Codec,-5} {Human.Timestamp(batch.MaxTimestampMs),-24} {Human.Timestamp(batch.AppendTimeMs),-24} "
            + $"{batch.Lsn,10} {producer}");
    }

    private void WriteLine(Action<Utf8JsonWriter> members)
    {
        using var line = new MemoryStream();
        using (var json = new Utf8JsonWriter(line, Json.OneLine))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length));
    }
}
