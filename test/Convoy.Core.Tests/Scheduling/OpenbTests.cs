using Convoy.Bench.Openb;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>The openb protocol; its result over all seeds and algorithms is in bench/results/openb.md.</summary>
public sealed class OpenbTests
{
    /// <summary>Shows that trace, filter and protocol are those of the authors, so that their other numbers may be compared with.</summary>
    [Theory]
    [InlineData("default", 93.076)]
    [InlineData("gpuspec33", 93.093)]
    [InlineData("multigpu50", 95.738)]
    public void Best_fit_allocates_what_was_published(string workload, double published)
    {
        var trace = Trace(workload);
        var mean = Enumerable.Range(1, 3).Average(seed => OpenbProtocol.Run(trace, TextbookPlacing.BestFit(trace), seed).At130);
        Assert.Equal(published, mean, 0.5);
    }

    [Theory]
    [InlineData("default", 95.391)]
    [InlineData("gpuspec33", 94.547)]
    [InlineData("multigpu50", 97.178)]
    public void Convoy_allocates_no_less_than_the_published_gradient_descent(string workload, double published)
    {
        var trace = Trace(workload);
        var mean = Enumerable.Range(1, 10).Average(seed => OpenbProtocol.Run(trace, new ConvoyPlacing(trace), seed).At130);
        Assert.InRange(mean, published - 0.1, 100);
    }

    /// <summary>The whole search, which has its pools, types and choices: what is measured is what runs.</summary>
    [Theory]
    [InlineData("default", 95.391)]
    [InlineData("gpuspec33", 94.547)]
    [InlineData("multigpu50", 97.178)]
    public void The_schedulers_search_allocates_no_less_either(string workload, double published)
    {
        var trace = Trace(workload);
        var mean = Enumerable.Range(1, 3).Average(seed => OpenbProtocol.Run(trace, new ProductionPlacing(trace), seed).At130);
        Assert.InRange(mean, published - 0.1, 100);
    }

    private static OpenbTrace Trace(string workload)
    {
        var nodes = SharedFile.Find($"data/traces/openb/{OpenbTrace.NodeFile}");
        Assert.SkipWhen(nodes is null, "the public traces are not beside this checkout");
        return OpenbTrace.Read(Path.GetDirectoryName(nodes)!, workload);
    }
}
