using System.Collections.Concurrent;
using System.Net;
using Convoy.Clusters;
using Convoy.Clusters.Remote;
using Convoy.Clusters.Tests;
using Convoy.Clusters.Tests.Doubles;
using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Agent.Tests;

public sealed class SyncTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Over_a_bad_way_every_wish_is_taken_once(int seed)
    {
        var kept = new CountingCluster(new FakeCluster(new FakeApiServer(seed) { Nodes = RemoteBed.Nodes(2) }));
        await using var half = RemoteBed.Half();
        await using var agent = new RunningAgent(kept, new BadWay(seed, new SyncServer { Half = half }));
        var random = new Random(seed);
        for (var round = 0; round < 10; round++)
        {
            ClusterAssignment[] wishes = [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => Wishes.Run(["wait"]))];
            (await half.ApplyAsync(wishes, CancellationToken.None)).ShouldBeEmpty();
            foreach (var wish in wishes) kept.Taken[(wish.Assignment.JobId, 1)].ShouldBe(1);
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public async Task Whichever_half_is_killed_and_whenever_no_wish_is_lost_none_starts_twice_and_every_end_is_told(int seed)
    {
        var random = new Random(seed);
        var machines = new FakeApiServer(seed) { Nodes = RemoteBed.Nodes(2) };
        var server = new SyncServer();
        var way = new BadWay(seed, server);
        RunningAgent? agent = null;
        await RestartServerAsync();
        await RestartAgentAsync();
        var jobs = new ConcurrentQueue<ClusterAssignment>();
        using var enough = new CancellationTokenSource();
        var killing = KillAsync();
        for (var round = 0; round < 12; round++)
        {
            ClusterAssignment[] batch = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => Wishes.Run(["wait"]))];
            foreach (var wish in batch) jobs.Enqueue(wish);
            await SayAsync(batch);
        }

        await enough.CancelAsync();
        await killing;
        foreach (var job in jobs) machines.End(job.Assignment.JobId, 0, 7);
        foreach (var job in jobs)
        {
            (await EndOfAsync(job)).Outcome!.Code.ShouldBe(7);
            machines.StartsOf(job.Assignment.JobId, 0).ShouldBe(1);
        }

        agent!.Ended.IsCompleted.ShouldBeFalse();
        await agent.DisposeAsync();

        // The last agent may tell all of it anew while it is followed.
        async Task<TaskObservation> EndOfAsync(ClusterAssignment job)
        {
            for (ReportCursor? cursor = null; ;)
            {
                var report = await server.Half!.ObserveAsync(cursor, CancellationToken.None);
                if (report.Tasks.FirstOrDefault(task => task.JobId == job.Assignment.JobId && (task.State is TaskState.Exited or TaskState.Lost)) is { } end) return end;
                cursor = report.Cursor;
                await server.Half.WaitForChangeAsync(report.Cursor, CancellationToken.None);
            }
        }

        // As the server's loop does: what is not known to be taken is said again.
        async Task SayAsync(ClusterAssignment[] batch)
        {
            while (true)
            {
                try
                {
                    (await server.Half!.ApplyAsync(batch, CancellationToken.None)).ShouldBeEmpty();
                    return;
                }
                catch (ObjectDisposedException)
                {
                    await Task.Delay(5);
                }
            }
        }

        async Task KillAsync()
        {
            var dice = new Random(seed + 100);
            while (!enough.IsCancellationRequested)
            {
                await Task.Delay(dice.Next(10, 150));
                if (dice.Next(2) == 0) await RestartServerAsync();
                else await RestartAgentAsync();
            }
        }

        async Task RestartServerAsync()
        {
            var old = server.Half;
            server.Half = RemoteBed.Half();
            if (old is not null) await old.DisposeAsync();
        }

        async Task RestartAgentAsync()
        {
            if (agent is not null) await agent.DisposeAsync();
            agent = new RunningAgent(new FakeCluster(machines), way);
        }
    }

    [Fact]
    public async Task An_agent_that_another_has_taken_the_place_of_is_told_so_and_ends()
    {
        var machines = new FakeApiServer(1) { Nodes = RemoteBed.Nodes(1) };
        await using var half = RemoteBed.Half();
        var server = new SyncServer { Half = half };
        await using var first = new RunningAgent(new FakeCluster(machines), server);
        await half.ObserveAsync(null, CancellationToken.None);
        await using var second = new RunningAgent(new FakeCluster(machines), server);
        await first.Ended.ShouldThrowAsync<SupersededException>();
        var wish = Wishes.Run(["wait"]);
        await ((ICluster)half).ApplyAsync(wish);
        await half.UntilRunningAsync(wish);
        second.Ended.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task A_first_report_too_large_for_one_call_goes_in_pages_and_none_of_it_is_believed_before_all_has_come()
    {
        var machines = new FakeApiServer(1) { Nodes = RemoteBed.Nodes(3000, devices: 8) };
        var kept = new ToldCluster(new FakeCluster(machines), [.. Enumerable.Range(0, 20_000).Select(rank => new TaskObservation(JobId.FromKey("trial", $"{rank / 100}"), 1, rank % 100, TaskState.Running, DateTimeOffset.UnixEpoch))]);
        await using var half = RemoteBed.Half();
        var server = new SyncServer { Half = half };
        await using var agent = new RunningAgent(kept, server);
        var report = await half.ObserveAsync(null, CancellationToken.None);
        (report.IsComplete, report.Tasks.Count, report.Nodes!.Count).ShouldBe((true, 20_000, 3000));
        server.LargestCall.ShouldBeLessThan(SyncJson.LargestCall / 2);
        server.Calls.Count(call => call.Report is not null).ShouldBeGreaterThan(5);
    }

    [Fact]
    public async Task Of_nodes_only_those_that_changed_are_told_and_those_that_are_gone()
    {
        var journal = new ObservationJournal();
        var nodes = RemoteBed.Nodes(50);
        journal.SetNodes(nodes);
        await using var half = RemoteBed.Half();
        var server = new SyncServer { Half = half };
        await using var agent = new RunningAgent(new JournalCluster(journal), server);
        var cursor = (await half.ObserveAsync(null, CancellationToken.None)).Cursor;
        nodes[7] = nodes[7] with { Health = NodeHealth.Suspect };
        journal.SetNodes([.. nodes.Where(node => node.Name != "node-9")]);
        await half.WaitForChangeAsync(cursor, CancellationToken.None);
        var report = await half.ObserveAsync(cursor, CancellationToken.None);
        report.Nodes!.Count.ShouldBe(49);
        report.Nodes.Single(node => node.Health == NodeHealth.Suspect).Name.ShouldBe("node-7");
        server.Calls.Last(call => call.Report is not null).Report!.Items.Select(item => item.Gone ?? item.Node!.Name).ShouldBe(["node-7", "node-9"], ignoreOrder: true);
    }

    [Fact]
    public async Task News_goes_up_though_a_call_is_held_for_ever()
    {
        var journal = new ObservationJournal();
        journal.SetNodes(RemoteBed.Nodes(1));
        await using var half = RemoteBed.Half(new FrozenTime());
        await using var agent = new RunningAgent(new JournalCluster(journal), new SyncServer { Half = half });
        var cursor = (await half.ObserveAsync(null, CancellationToken.None)).Cursor;
        for (var rank = 0; rank < 20; rank++)
        {
            await Task.Delay(rank);
            var seen = new TaskObservation(JobId.FromKey("trial", "held"), 1, rank, TaskState.Running, DateTimeOffset.UnixEpoch);
            journal.Add(seen);
            await half.WaitForChangeAsync(cursor, CancellationToken.None);
            var report = await half.ObserveAsync(cursor, CancellationToken.None);
            report.Tasks.ShouldBe([seen]);
            cursor = report.Cursor;
        }
    }

    [Fact]
    public async Task Where_no_agent_calls_a_wish_is_given_back_and_nothing_of_it_is_said_later()
    {
        await using var half = new RemoteCluster("fake", TimeProvider.System, TimeSpan.FromSeconds(30), patience: TimeSpan.FromMilliseconds(50));
        await Should.ThrowAsync<IOException>(() => half.ApplyAsync([Wishes.Run(["wait"])], CancellationToken.None));
        var kept = new CountingCluster(new FakeCluster(new FakeApiServer(1) { Nodes = RemoteBed.Nodes(1) }));
        await using var agent = new RunningAgent(kept, new SyncServer { Half = half });
        await half.ObserveAsync(null, CancellationToken.None);
        kept.Taken.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_the_cluster_cannot_apply_now_is_refused_for_now()
    {
        await using var half = RemoteBed.Half();
        await Should.ThrowAsync<IOException>(() => half.ForgetAsync(JobId.FromKey("trial", "x"), 1, CancellationToken.None));
        await using var agent = new RunningAgent(new BrokenCluster(), new SyncServer { Half = half });
        var refusal = (await half.ApplyAsync([Wishes.Run(["wait"])], CancellationToken.None)).ShouldHaveSingleItem();
        (refusal.Permanent, refusal.Reason).ShouldBe((false, "no machines today"));
        (await Should.ThrowAsync<IOException>(() => half.ForgetAsync(JobId.FromKey("trial", "x"), 1, CancellationToken.None))).Message.ShouldContain("no machines today");
    }

    [Fact]
    public async Task An_agent_whose_token_is_refused_goes_on_trying_and_is_heard_once_it_is_right()
    {
        await using var half = RemoteBed.Half();
        var server = new SyncServer { Half = half, Refuses = HttpStatusCode.Unauthorized };
        await using var agent = new RunningAgent(new FakeCluster(new FakeApiServer(1) { Nodes = RemoteBed.Nodes(1) }), server, time: new HastyTime());
        while (server.Calls.Count < 3) await Task.Delay(10);
        agent.Ended.IsCompleted.ShouldBeFalse();
        server.Refuses = null;
        (await half.ObserveAsync(null, CancellationToken.None)).IsComplete.ShouldBeTrue();
    }

    [Fact]
    public void What_has_been_asked_for_from_later_on_is_kept_no_longer()
    {
        var journal = new ObservationJournal();
        for (var rank = 0; rank < 3; rank++) journal.Add(new TaskObservation(JobId.FromKey("trial", "x"), 1, rank, TaskState.Exited, DateTimeOffset.UnixEpoch));
        var cursor = journal.Since(null).Cursor;
        journal.Add(new TaskObservation(JobId.FromKey("trial", "x"), 1, 3, TaskState.Exited, DateTimeOffset.UnixEpoch));
        journal.Drop(cursor);
        journal.Since(null).Tasks.ShouldHaveSingleItem().Rank.ShouldBe(3);
    }
}
