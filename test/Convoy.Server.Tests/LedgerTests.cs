using Convoy.Core.Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace Convoy.Server.Tests;

public sealed class LedgerTests : IAsyncLifetime
{
    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_command_that_cannot_be_decided_takes_no_other_with_it()
    {
        var ledger = server.Services.GetRequiredService<Ledger>();
        var jobs = new List<JobId>();
        for (var i = 0; i < 4; i++) jobs.Add(JobId.Parse(await RunningServer.SubmitAsync(server.Admin, RunningServer.Spec("sleep 60", gpus: 4, replicas: 2, name: $"job-{i}"))));

        // Many at a time, so that some share a commit.
        var strange = Enumerable.Range(0, 10).Select(_ => ledger.TellAsync(jobs[0], new Unheard(), CancellationToken.None)).ToArray();
        var answers = await Task.WhenAll(jobs.Select(job => ledger.TellAsync(job, new JobCommand.Cancel("admin"), CancellationToken.None)));
        answers.ShouldAllBe(answer => answer.Decision is Decision.Accepted);
        foreach (var one in strange) await Should.ThrowAsync<LedgerUnavailableException>(() => one);
    }

    private sealed record Unheard : JobCommand;
}
