using System.Runtime.CompilerServices;
using Convoy.Cli.Output;
using Convoy.Client;
using Convoy.Client.Wire;

namespace Convoy.Cli.Downloads;

/// <summary>A job's outputs, page by page: there may be millions.</summary>
/// <param name="path">Null means all.</param>
internal sealed class Outputs(Call call, JobView job, OutputQuery query, OutputPath? path)
{
    private const int PageSize = 1000;

    /// <summary>What was taken in before that is soon told; hundreds of gigabytes are not to be waited for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(500);

    private readonly OutputQuery query = query with { Prefix = path?.Prefix };

    /// <summary>Only what was asked for; a page may be empty and yet go on.</summary>
    public async Task<OutputListView> PageAsync(string? after, int limit, CancellationToken cancellationToken)
    {
        var page = await call.Client.Outputs.ListAsync(job.Id, query, after, limit, cancellationToken);
        return path is null ? page : page with { Items = [.. page.Items.Where(file => path.Matches(file.Path))] };
    }

    /// <summary>The first page once what has ended is taken in.</summary>
    public async Task<OutputListView> SettledAsync(CancellationToken cancellationToken)
    {
        var began = call.Time.GetTimestamp();
        for (var told = false; ; told = true)
        {
            var page = await PageAsync(null, PageSize, cancellationToken);
            if (page.Waiting == 0) return page;
            if (!told) call.Say($"the platform is still taking in the files of {Spans.Count(page.Waiting, "task")}; waiting for up to {Spans.Of(Patience)}");
            if (call.Time.GetElapsedTime(began) > Patience)
            {
                throw new CommandException(ExitCodes.NotFinished, "OutputsNotReady", $"the files of {Spans.Count(page.Waiting, "task")} of job {job.Name} are not taken in yet; the platform goes on with it; try again later");
            }

            await Task.Delay(LookAgain, call.Time, cancellationToken);
        }
    }

    /// <summary>From that first page on, to the end.</summary>
    public async IAsyncEnumerable<OutputFileView> AllAsync(OutputListView first, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var page = first; ; page = await PageAsync(page.Next, PageSize, cancellationToken))
        {
            foreach (var file in page.Items) yield return file;
            if (page.Next is null) yield break;
        }
    }
}
