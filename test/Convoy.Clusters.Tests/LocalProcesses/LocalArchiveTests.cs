using Convoy.Clusters.LocalProcesses;

namespace Convoy.Clusters.Tests.LocalProcesses;

public sealed class LocalArchiveTests : IDisposable
{
    private readonly DirectoryInfo scratch = Directory.CreateTempSubdirectory("convoy-archive-");

    public void Dispose() => scratch.Delete(recursive: true);

    [Fact]
    public void A_cluster_that_never_ran_a_job_comes_back_marked_as_restored()
    {
        var (from, copy, to) = (Path.Combine(scratch.FullName, "from"), Path.Combine(scratch.FullName, "copy"), Path.Combine(scratch.FullName, "to"));
        Directory.CreateDirectory(from);
        new LocalArchive(from).CopyOut(copy, null, _ => { }).LeftOut.ShouldBe(0);
        foreach (var source in (string[])[copy, Path.Combine(scratch.FullName, "none")])
        {
            new LocalArchive(to).CopyIn(source, _ => { }).LeftOut.ShouldBe(0);
            LocalArchive.IsRestored(to).ShouldBeTrue(source);
            Directory.Exists(Path.Combine(to, "jobs")).ShouldBeTrue(source);
            Directory.Delete(to, recursive: true);
        }
    }
}
