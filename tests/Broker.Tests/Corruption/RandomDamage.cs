namespace Broker.Tests.Corruption;

/// <summary>Chance damage to segments and journal: flips, swapped sectors, copied chunks, chunks of an earlier time.</summary>
internal static class RandomDamage
{
    private static readonly int[] SectorBytes = [512, 4096];

    public static Tally Run(SampleDirectory sample, int count, long seed)
    {
        var tally = new Tally("random damage");
        var random = new Random((int)seed);
        string[] files =
        [
            .. Directory.GetFiles(Path.Combine(sample.Pristine, "journal")),
            .. Directory.GetFiles(Path.Combine(sample.Pristine, "topics"), "*.log", SearchOption.AllDirectories),
        ];
        string[] names = [.. files.Where(p => new FileInfo(p).Length > 0).Select(p => Path.GetRelativePath(sample.Pristine, p)).Order(StringComparer.Ordinal)];
        for (int i = 0; i < count; i++)
        {
            (string what, Action<string> damage) = (i % 4) switch
            {
                0 => Flip(sample, random, names),
                1 => Swap(sample, random, names),
                2 => Copy(sample, random, names),
                _ => Restore(sample, random, names),
            };
            EngineStart.Try(sample, tally, Expectations.AnyBelowMark, $"damage {i}: {what}", damage);
        }

        return tally;
    }

    private static (string, Action<string>) Flip(SampleDirectory sample, Random random, string[] names)
    {
        string name = names[random.Next(names.Length)];
        long bit = random.NextInt64(Length(sample, name) * 8);
        return ($"bit {bit % 8} of byte {bit / 8} of {name}", directory =>
        {
            byte[] one = Read(directory, name, bit / 8, 1);
            one[0] ^= (byte)(1 << (int)(bit % 8));
            Write(directory, name, bit / 8, one);
        }
        );
    }

    /// <summary>Two sectors of one file, or of two, have changed places.</summary>
    private static (string, Action<string>) Swap(SampleDirectory sample, Random random, string[] names)
    {
        int size = SectorBytes[random.Next(SectorBytes.Length)];
        (string name, long at) = Sector(sample, random, names, size);
        (string other, long otherAt) = random.Next(2) == 0 ? Sector(sample, random, [name], size) : Sector(sample, random, names, size);
        return ($"{size} bytes at {at} of {name} and at {otherAt} of {other} swapped", directory =>
        {
            byte[] one = Read(directory, name, at, size), two = Read(directory, other, otherAt, size);
            Write(directory, name, at, two);
            Write(directory, other, otherAt, one);
        }
        );
    }

    private static (string, Action<string>) Copy(SampleDirectory sample, Random random, string[] names)
    {
        int size = 512 * random.Next(1, 65);
        (string name, long at) = Sector(sample, random, names, 512);
        (string other, long otherAt) = Sector(sample, random, names, 512);
        return ($"{size} bytes at {at} of {name} copied over {otherAt} of {other}", directory =>
            Write(directory, other, otherAt, Read(directory, name, at, size)));
    }

    /// <summary>A part of a file is as it was before the last start; zeros where it was not there.</summary>
    private static (string, Action<string>) Restore(SampleDirectory sample, Random random, string[] names)
    {
        int size = 512 * random.Next(1, 129);
        (string name, long at) = Sector(sample, random, names, 512);
        return ($"{size} bytes at {at} of {name} as they were before", directory =>
        {
            bool wasThere = File.Exists(Path.Combine(sample.Older, name)) && Length(sample.Older, name) > at;
            byte[] older = wasThere ? Read(sample.Older, name, at, size) : new byte[size];
            Write(directory, name, at, older);
        }
        );
    }

    private static (string Name, long At) Sector(SampleDirectory sample, Random random, string[] names, int size)
    {
        string name = names[random.Next(names.Length)];
        return (name, random.NextInt64((Length(sample, name) / size) + 1) * size);
    }

    private static long Length(SampleDirectory sample, string name) => Length(sample.Pristine, name);

    private static long Length(string directory, string name) => new FileInfo(Path.Combine(directory, name)).Length;

    private static byte[] Read(string directory, string name, long at, int size)
    {
        using var file = File.OpenHandle(Path.Combine(directory, name));
        byte[] bytes = new byte[Math.Clamp(RandomAccess.GetLength(file) - at, 0, size)];
        RandomAccess.Read(file, bytes, at);
        return bytes;
    }

    /// <summary>Within the file: no damage makes it longer.</summary>
    private static void Write(string directory, string name, long at, byte[] bytes)
    {
        using var file = File.OpenHandle(Path.Combine(directory, name), FileMode.Open, FileAccess.Write);
        long room = Math.Max(0, RandomAccess.GetLength(file) - at);
        RandomAccess.Write(file, bytes.AsSpan(0, (int)Math.Min(room, bytes.Length)), at);
    }
}
