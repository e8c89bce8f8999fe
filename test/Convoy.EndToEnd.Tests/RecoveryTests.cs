using System.Diagnostics;

namespace Convoy.EndToEnd.Tests;

/// <summary>Who lost the administrator's token, and who starts a second server on a folder.</summary>
public sealed class RecoveryTests
{
    [Fact]
    public async Task A_lost_token_is_replaced_while_the_platform_runs_and_revoked_on_request()
    {
        await using var platform = await RunningPlatform.StartAsync();
        var lost = platform.AdministratorToken;
        var (code, said) = await RunningPlatform.RunServerAsync("token", "--state", platform.State);
        code.ShouldBe(0, said);
        var first = platform.AdministratorToken;
        first.ShouldNotBe(lost);
        foreach (var token in (string[])[lost, first]) (await platform.ClientOf(token).WhoAmIAsync(CancellationToken.None)).Name.ShouldBe("admin");

        (await RunningPlatform.RunServerAsync("token", "--state", platform.State, "--revoke-others")).Output.ShouldContain("2 other tokens revoked");
        foreach (var token in (string[])[lost, first]) (await Should.ThrowAsync<Client.ConvoyException>(platform.ClientOf(token).WhoAmIAsync(CancellationToken.None))).Status.ShouldBe(401);
        (await platform.ClientOf(platform.AdministratorToken).WhoAmIAsync(CancellationToken.None)).Name.ShouldBe("admin");
        File.GetUnixFileMode(Path.Combine(platform.State, "server", "admin.token")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);

        (await RunningPlatform.RunServerAsync("token", "--state", platform.State, "--user", "nobody")).Output.ShouldContain("nobody is no administrator");
        (await RunningPlatform.RunServerAsync("token", "--state", platform.Marks)).Output.ShouldContain("holds no platform");
        platform.UseToken();
    }

    [Fact]
    public async Task A_state_folder_has_one_server_whatever_name_it_is_reached_by_and_is_free_after_a_kill()
    {
        await using var platform = await RunningPlatform.StartAsync();
        var link = Path.Combine(platform.Root, "link");
        Directory.CreateSymbolicLink(link, platform.State);
        await RefusedAsync(link);

        var bound = Directory.CreateDirectory(Path.Combine(platform.Root, "bound")).FullName;
        using (var mount = Process.Start("mount", ["--bind", platform.State, bound]))
        {
            await mount.WaitForExitAsync();
            if (mount.ExitCode == 0)
            {
                try
                {
                    await RefusedAsync(bound);
                }
                finally
                {
                    using var umount = Process.Start("umount", ["--lazy", bound]);
                    await umount.WaitForExitAsync();
                }
            }
        }

        await platform.KillServerAsync();
        await platform.StartServerAsync();
        (await platform.Client.WhoAmIAsync(CancellationToken.None)).Name.ShouldBe("admin");

        async Task RefusedAsync(string state)
        {
            var (code, said) = await RunningPlatform.RunServerAsync("--state", state, "--listen", "127.0.0.1:7798", "--gpus", "0");
            code.ShouldBe(3, said);
            said.ShouldContain($"error[StateFolder]: {state} is in use by another convoy-server (process {platform.ServerPid})");
        }
    }
}
