using System.Diagnostics;
using System.Security.Cryptography;
using Convoy.Core.Tasks;

namespace Convoy.EndToEnd.Tests;

/// <summary>A node agent of a test's own at a real platform: who may open what, and who gets how much room.</summary>
public sealed class NodeAgentTests
{
    private const long Size = 4_000_000;

    [Fact]
    public async Task What_is_opened_gets_the_room_that_is_left_and_what_nobody_holds_gives_way()
    {
        await using var platform = await RunningPlatform.StartAsync(1, 0);
        using var cli = new ConvoyCommand(platform);
        foreach (var name in new[] { "one", "two" }) await PushAsync(cli, name);
        using var agent = await RunningNodeAgent.StartAsync(platform, "6Mi");
        var (first, second) = (agent.Connect(), agent.Connect());
        var (one, two) = (await first.OpenAsync(platform.AdministratorToken, "one"), await second.OpenAsync(platform.AdministratorToken, "two"));
        one.Opened!.WantedBytes.ShouldBe(Size);
        two.Opened!.WantedBytes.ShouldBeInRange((6 << 20) - Size - 100_000, (6 << 20) - Size);

        // Filled as far as it is wanted, and no further.
        await Eventually.HoldsAsync("both are filled", async () => (await agent.StatusAsync()).All(version => version.HeldBytes >= version.WantedBytes));
        (await agent.StatusAsync()).Sum(version => version.WantedBytes).ShouldBeLessThanOrEqualTo(6 << 20);

        // The first goes: the second, opened anew, has all, and of the first nothing is left.
        first.Dispose();
        second.Dispose();
        await Eventually.HoldsAsync("nobody holds anything", async () => (await agent.StatusAsync()).All(version => version.Holders == 0));
        using var third = agent.Connect();
        (await third.OpenAsync(platform.AdministratorToken, "two")).Opened!.WantedBytes.ShouldBe(Size);
        (await agent.StatusAsync()).Select(version => version.Dataset).ShouldBe(["two"]);
    }

    [Fact]
    public async Task Each_holder_needs_a_right_of_its_own_whoever_has_it_open()
    {
        await using var platform = await RunningPlatform.StartAsync(1, 0);
        using var cli = new ConvoyCommand(platform);
        await PushAsync(cli, "one");
        var bob = await platform.AddPersonAsync("bob");
        using var agent = await RunningNodeAgent.StartAsync(platform, "1Gi");
        using var mine = agent.Connect();
        (await mine.OpenAsync(platform.AdministratorToken, "one")).Opened!.Files.ShouldBe(40);
        using var his = agent.Connect();
        var refused = await his.OpenAsync(bob, "one");
        refused.Error!.Code.ShouldBe("NotFound");
        refused.Error.Message.ShouldNotContain(bob);
        (await his.AskAsync(new NodeRequest { Read = new ReadFile("one", 0, null, 0, 10) })).Error!.Code.ShouldBe("NotOpen");
        (await agent.StatusAsync()).ShouldHaveSingleItem().Holders.ShouldBe(1);
    }

    /// <summary>What somebody has put into the folder beneath is not the agent's to take away; whatever else was open is closed all the same.</summary>
    [Fact]
    public async Task A_folder_that_cannot_be_taken_away_keeps_nothing_else_open()
    {
        DatasetJobTests.SkipWithoutMounts();
        await using var platform = await RunningPlatform.StartAsync(1, 0);
        using var cli = new ConvoyCommand(platform);
        foreach (var name in new[] { "one", "two" }) await PushAsync(cli, name);
        using var agent = await RunningNodeAgent.StartAsync(platform, "1Gi");
        var beneath = Directory.CreateDirectory(Path.Combine(agent.Mounts, "one@v1")).FullName;
        await File.WriteAllTextAsync(Path.Combine(beneath, "somebody's"), "");
        using (var line = agent.Connect())
        {
            foreach (var name in new[] { "one", "two" })
            {
                var opened = (await line.OpenAsync(platform.AdministratorToken, name, mount: true)).Opened!;
                Directory.GetFiles(opened.Path!).Length.ShouldBe(40);
            }
        }

        await Eventually.HoldsAsync("nobody holds anything", async () => (await agent.StatusAsync()).All(version => version.Holders == 0 && version.Path is null));
        Directory.GetFiles(beneath).ShouldHaveSingleItem();
        Directory.Exists(Path.Combine(agent.Mounts, "two@v1")).ShouldBeFalse();
        using var again = agent.Connect();
        Directory.GetFiles((await again.OpenAsync(platform.AdministratorToken, "one", mount: true)).Opened!.Path!).Length.ShouldBe(40);
        agent.HasExited.ShouldBeFalse();
    }

    /// <summary>Somebody has unmounted it here and uses it still: that it ends is waited for by nobody else.</summary>
    [Fact]
    public async Task A_mount_that_does_not_end_holds_nobody_up()
    {
        DatasetJobTests.SkipWithoutMounts();
        await using var platform = await RunningPlatform.StartAsync(1, 0);
        using var cli = new ConvoyCommand(platform);
        foreach (var name in new[] { "one", "two" }) await PushAsync(cli, name);
        using var agent = await RunningNodeAgent.StartAsync(platform, "1Gi");
        var first = agent.Connect();
        var folder = (await first.OpenAsync(platform.AdministratorToken, "one", mount: true)).Opened!.Path!;
        using var user = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec 3< 00; echo open; read x"]) { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true })!;
        (await user.StandardOutput.ReadLineAsync()).ShouldBe("open");
        using (var unmounting = Process.Start("umount", ["--lazy", folder])) await unmounting.WaitForExitAsync();
        first.Dispose();
        var since = Stopwatch.StartNew();
        await Eventually.HoldsAsync("nobody holds it", async () => (await agent.StatusAsync()).Single().Holders == 0);
        using var second = agent.Connect();
        (await second.OpenAsync(platform.AdministratorToken, "two")).Opened.ShouldNotBeNull();
        since.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(6));
        user.StandardInput.Close();
        await user.WaitForExitAsync();
    }

    [Fact]
    public async Task A_manifest_that_the_disk_has_changed_is_brought_again_when_the_agent_starts()
    {
        await using var platform = await RunningPlatform.StartAsync(1, 0);
        using var cli = new ConvoyCommand(platform);
        await PushAsync(cli, "one");
        using var agent = await RunningNodeAgent.StartAsync(platform, "1Gi");
        using (var line = agent.Connect()) await line.OpenAsync(platform.AdministratorToken, "one");
        var manifest = Directory.GetFiles(agent.Cache, "*.manifest").ShouldHaveSingleItem();
        var right = await File.ReadAllBytesAsync(manifest);
        await agent.KillAsync();
        var wrong = right.ToArray();
        wrong[^20] ^= 1;
        await File.WriteAllBytesAsync(manifest, wrong);
        await agent.StartAgainAsync("1Gi");
        using var again = agent.Connect();
        var opened = (await again.OpenAsync(platform.AdministratorToken, "one")).Opened.ShouldNotBeNull();
        (await File.ReadAllBytesAsync(manifest)).ShouldBe(right);
        (await again.AskAsync(new NodeRequest { List = new ListFiles("one", 0) })).Files!.Select(file => file.Path).ShouldBe(Enumerable.Range(0, 40).Select(i => $"{i:00}"));
        opened.Files.ShouldBe(40);
    }

    [Fact]
    public async Task However_much_is_asked_for_and_not_taken_the_agent_has_little_of_it_at_a_time()
    {
        await using var platform = await RunningPlatform.StartAsync(1, 0);
        using var cli = new ConvoyCommand(platform);
        var folder = Directory.CreateDirectory(Path.Combine(cli.Home, "large")).FullName;
        var content = RandomNumberGenerator.GetBytes(ReadFile.Most);
        await File.WriteAllBytesAsync(Path.Combine(folder, "large"), content);
        (await cli.RunAsync("dataset", "push", "large", folder)).ExitCode.ShouldBe(0);
        using var agent = await RunningNodeAgent.StartAsync(platform, "1Gi");
        var many = Enumerable.Range(0, 200).Select(_ => agent.Connect()).ToList();
        foreach (var line in many)
        {
            await line.OpenAsync(platform.AdministratorToken, "large");
            await line.SayAsync(new NodeRequest { Read = new ReadFile("large", 0, null, 0, ReadFile.Most) });
        }

        await Task.Delay(2000);
        agent.ResidentBytes.ShouldBeLessThan(400L << 20);
        using var another = agent.Connect();
        await another.OpenAsync(platform.AdministratorToken, "large");
        (await another.ReadAsync(new ReadFile("large", 0, null, 0, ReadFile.Most))).AsSpan().SequenceEqual(content).ShouldBeTrue();
        foreach (var line in many) line.Dispose();
    }

    private static async Task PushAsync(ConvoyCommand cli, string name)
    {
        var folder = Directory.CreateDirectory(Path.Combine(cli.Home, name)).FullName;
        for (var i = 0; i < 40; i++) await File.WriteAllBytesAsync(Path.Combine(folder, $"{i:00}"), RandomNumberGenerator.GetBytes((int)Size / 40));
        var pushed = await cli.RunAsync("dataset", "push", name, folder);
        pushed.ExitCode.ShouldBe(0, pushed.Error);
    }
}
