namespace Convoy.Server.Tests.Loops;

public sealed class UploadSweepLoopTests
{
    [Fact]
    public async Task An_upload_that_nobody_went_on_with_for_a_day_is_forgotten()
    {
        var (old, fresh) = ("", "");
        await using var server = await RunningServer.StartAsync(options =>
        {
            var uploads = Directory.CreateDirectory(Path.Combine(options.State, "server", "objects", "uploads")).FullName;
            (old, fresh) = (Path.Combine(uploads, "old"), Path.Combine(uploads, "fresh"));
            File.WriteAllText(old, "half");
            File.WriteAllText(fresh, "half");
            File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddHours(-25));
            return options;
        });
        await Eventually.Is(() => Task.FromResult(!File.Exists(old)));
        File.Exists(fresh).ShouldBeTrue();
    }
}
