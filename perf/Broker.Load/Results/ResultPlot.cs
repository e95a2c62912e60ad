using Broker.Load.Scenarios;
using HdrHistogram;
using ScottPlot;
using SkiaSharp;

namespace Broker.Load.Results;

/// <summary>Results as a picture: the rate over time, or for latency the percentiles.</summary>
internal static class ResultPlot
{
    private const int WidthPixels = 1200, HeightPixels = 500;
    private const double SecondsPerFigure = 0.1;

    // From the median to one in ten thousand, evenly on an axis of nines.
    private const double NinesMax = 4, NinesStep = 0.05;

    public static bool IsSupported(string path) => Path.GetExtension(path).ToLowerInvariant() is ".svg" or ".png";

    /// <summary>One file for all; a picture for each result, one below the other.</summary>
    public static void Save(IReadOnlyList<LoadResult> results, string path)
    {
        var pictures = new Multiplot();
        for (int index = 0; index < results.Count; index++)
        {
            if (index == pictures.Subplots.Count)
            {
                pictures.Subplots.Add(new Plot());
            }

            Draw(pictures.Subplots.GetPlot(index), results[index]);
        }

        int height = HeightPixels * results.Count;
        if (Path.GetExtension(path).Equals(".svg", StringComparison.OrdinalIgnoreCase))
        {
            using FileStream file = File.Create(path);
            using SKCanvas canvas = SKSvgCanvas.Create(new SKRect(0, 0, WidthPixels, height), file);
            pictures.Render(canvas, new PixelRect(0, WidthPixels, height, 0));
        }
        else
        {
            pictures.SavePng(path, WidthPixels, height);
        }
    }

    private static void Draw(Plot plot, LoadResult result)
    {
        plot.Title($"{result.Scenario}, records of {result.Settings.SizeBytes} B");
        if (result.LatencyFromSend is null)
        {
            DrawRates(plot, result.Scenario, result.Windows);
            if (result.RawWindows.Count > 0)
            {
                DrawRates(plot, "raw", result.RawWindows);
            }

            plot.XLabel("seconds (timed windows, put together)");
            plot.YLabel("million records a second");
            plot.Axes.SetLimitsY(0, plot.Axes.GetLimits().Top);
        }
        else
        {
            DrawPercentiles(plot, "from when it was due", result.Latency!);
            DrawPercentiles(plot, "from the send call", result.LatencyFromSend);
            plot.Axes.Bottom.SetTicks([0.3, 1, 2, 3, 4], ["50 %", "90 %", "99 %", "99.9 %", "99.99 %"]);
            plot.XLabel("of the records");
            plot.YLabel("at most so many ms");
        }

        plot.ShowLegend(Alignment.UpperLeft);
    }

    private static void DrawRates(Plot plot, string name, IReadOnlyList<Window> windows)
    {
        double[] rates = [.. windows.SelectMany(window => window.Rates).Select(rate => rate / 1e6)];
        plot.Add.Signal(rates, SecondsPerFigure).LegendText = name;
    }

    private static void DrawPercentiles(Plot plot, string name, LongHistogram latency)
    {
        double[] nines = [.. Enumerable.Range(0, (int)(NinesMax / NinesStep) + 1).Select(step => step * NinesStep)];
        double[] milliseconds = [.. nines.Select(nine => latency.GetValueAtPercentile(100 * (1 - Math.Pow(10, -nine))) / 1e6)];
        plot.Add.ScatterLine(nines, milliseconds).LegendText = name;
    }
}
