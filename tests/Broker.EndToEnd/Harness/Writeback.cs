using System.Globalization;

namespace Broker.EndToEnd.Harness;

/// <summary>
/// How eagerly the kernel writes dirty pages back by itself. The settings are the whole machine's: they are put back at the end, by
/// the next run when this one is killed, and left alone while another run varies them.
/// </summary>
internal sealed class Writeback : IDisposable
{
    private const string Interval = "/proc/sys/vm/dirty_writeback_centisecs", Expiry = "/proc/sys/vm/dirty_expire_centisecs";

    // Pages become old enough to be written at about the pace at which they are looked for; with the kernel's 30 s no run would
    // live to see one written.
    private const int EagerExpiryCentisecs = 20;

    private readonly FileStream? _originals;
    private readonly string _interval;
    private readonly string _expiry;
    private readonly EventHandler _onExit;

    public Writeback()
    {
        _onExit = (_, _) => Dispose();
        (_interval, _expiry) = (File.ReadAllText(Interval).Trim(), File.ReadAllText(Expiry).Trim());
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        try
        {
            // Locked while open. It holds the original settings, and is empty when they are in force.
            _originals = new FileStream(
                Path.Combine(Path.GetTempPath(), "broker-test-writeback"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return; // Another run has it.
        }

        using (var reader = new StreamReader(_originals, leaveOpen: true))
        {
            if (reader.ReadToEnd().Split(' ') is [var interval, var expiry])
            {
                (_interval, _expiry) = (interval, expiry);
            }
        }

        _originals.SetLength(0);
        _originals.Write(System.Text.Encoding.ASCII.GetBytes($"{_interval} {_expiry}"));
        _originals.Flush();
        AppDomain.CurrentDomain.ProcessExit += _onExit;
    }

    /// <summary>Has dirty pages written back every so many hundredths of a second; 0: only when somebody syncs.</summary>
    /// <returns>What is in force.</returns>
    public int Set(int centisecs)
    {
        if (_originals is null)
        {
            return int.Parse(_interval, CultureInfo.InvariantCulture);
        }

        bool isEager = centisecs is > 0 and < 100;
        File.WriteAllText(Expiry, isEager ? EagerExpiryCentisecs.ToString(CultureInfo.InvariantCulture) : _expiry);
        File.WriteAllText(Interval, centisecs.ToString(CultureInfo.InvariantCulture));
        return centisecs;
    }

    public void Dispose()
    {
        if (_originals is not { CanWrite: true })
        {
            return;
        }

        AppDomain.CurrentDomain.ProcessExit -= _onExit;
        File.WriteAllText(Interval, _interval);
        File.WriteAllText(Expiry, _expiry);
        _originals.SetLength(0);
        _originals.Dispose();
    }
}
