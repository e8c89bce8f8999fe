using Convoy.Core.Jobs;
using Convoy.Core.Resources;
using CsCheck;

namespace Convoy.Core.Tests;

/// <summary>Text forms take any text without throwing, and what they take they write so that it reads the same.</summary>
public sealed class TextFormProperties
{
    private static readonly Gen<string> Likely = Gen.Char["0123456789..-+eE KMGTPikmsdhj_x\0٣"].Array[0, 45].Select(letters => new string(letters));
    private static readonly Gen<string> Units = Gen.Select(Gen.ULong, Gen.Int[0, 14], (number, unit) => number + new[] { "", "Ki", "Mi", "Gi", "Ti", "Pi", "k", "M", "G", "P", "m", "ms", "s", "h", "d" }[unit]).Array[1, 3].Select(string.Concat);
    private static readonly Gen<string> Any = Gen.OneOf(Likely, Units, Gen.String, Gen.Int[0, 5000].Select(length => new string('9', length)));

    [Fact]
    public void Any_text_is_a_size_or_not() => Any.Sample(
        text =>
        {
            if (!ByteSize.TryParse(text, out var size)) return;
            size.Bytes.ShouldBeGreaterThanOrEqualTo(0);
            ByteSize.TryParse(size.ToString(), out var again).ShouldBeTrue();
            again.ShouldBe(size);
        },
        iter: 20_000);

    [Fact]
    public void Any_size_reads_back_from_its_text() => Gen.Long[0, long.MaxValue].Sample(bytes => ByteSize.TryParse(new ByteSize(bytes).ToString(), out var size) && size.Bytes == bytes);

    [Theory]
    [InlineData(0, "0", "0")]
    [InlineData(1000, "1k", "1000")]
    [InlineData(1_024_000, "1024k", "1000Ki")]
    [InlineData(12_000_000_000, "12G", "11.2Gi")]
    [InlineData(549_755_813_888, "512Gi", "512Gi")]
    [InlineData(12_638_013_440, "12341810Ki", "11.8Gi")]
    [InlineData(long.MaxValue, "9223372036854775807", "8192Pi")]
    public void A_size_has_its_shortest_exact_text_and_a_rounded_one(long bytes, string exact, string rounded) =>
        (new ByteSize(bytes).ToString(), new ByteSize(bytes).ToRoundedText()).ShouldBe((exact, rounded));

    [Fact]
    public void Any_text_is_a_number_of_cores_or_not() => Any.Sample(
        text =>
        {
            if (!CpuQuantity.TryParse(text, out var cpu)) return;
            cpu.Millicores.ShouldBeGreaterThanOrEqualTo(0);
            CpuQuantity.TryParse(cpu.ToString(), out var again).ShouldBeTrue();
            again.ShouldBe(cpu);
        },
        iter: 20_000);

    [Fact]
    public void Any_text_is_a_duration_or_not() => Any.Sample(
        text =>
        {
            if (!DurationText.TryParse(text, out var duration)) return;
            duration.ShouldBeInRange(TimeSpan.Zero, TimeSpan.FromDays(36_500));
            DurationText.TryParse(DurationText.Format(duration), out var again).ShouldBeTrue();
            again.ShouldBe(duration);
        },
        iter: 20_000);

    [Fact]
    public void Any_whole_number_of_milliseconds_reads_back_from_its_text() => Gen.Long[0, 36_500L * 24 * 3600 * 1000].Sample(
        ms => DurationText.TryParse(DurationText.Format(TimeSpan.FromMilliseconds(ms)), out var duration) && duration == TimeSpan.FromMilliseconds(ms));

    [Fact]
    public void Any_text_is_a_number_of_replicas_or_not() => Gen.OneOf(Any, Gen.Select(Likely, Likely, (a, b) => $"{a}..{b}")).Sample(
        text =>
        {
            if (!Replicas.TryParse(text, out var replicas)) return;

            // A falling range is the validator's to refuse, with its place.
            if (replicas.Max < replicas.Min) return;
            Replicas.TryParse(replicas.ToString(), out var again).ShouldBeTrue();
            again.ShouldBe(replicas);
        },
        iter: 20_000);

    [Fact]
    public void Any_text_is_a_job_id_or_not() => Any.Sample(
        text =>
        {
            if (JobId.TryParse(text, out var id)) JobId.Parse(id.ToString()).ShouldBe(id);
            else Should.Throw<FormatException>(() => JobId.Parse(text));
        },
        iter: 5000);

    [Theory]
    [InlineData("1.5Ki", 1536L)]
    [InlineData("0.5", null)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("9223372036854775808", null)]
    [InlineData("8192Pi", null)]
    [InlineData("-1", null)]
    [InlineData("+1", null)]
    [InlineData(" 1", null)]
    [InlineData("1 Gi", null)]
    [InlineData("1ki", null)]
    [InlineData("1e3", null)]
    [InlineData(".", null)]
    [InlineData("Gi", null)]
    [InlineData("٣", null)]
    public void Sizes_at_the_edge(string text, long? bytes) => (ByteSize.TryParse(text, out var size) ? size.Bytes : (long?)null).ShouldBe(bytes);

    [Theory]
    [InlineData("1h30m", 5_400_000L)]
    [InlineData("36500d", 3_153_600_000_000L)]
    [InlineData("36500d1ms", null)]
    [InlineData("30m1h", null)]
    [InlineData("1h1h", null)]
    [InlineData("5", null)]
    [InlineData("h", null)]
    [InlineData("1.5h", null)]
    [InlineData("-1s", null)]
    [InlineData("99999999999999999999s", null)]
    public void Durations_at_the_edge(string text, long? milliseconds) =>
        (DurationText.TryParse(text, out var duration) ? (long)duration.TotalMilliseconds : (long?)null).ShouldBe(milliseconds);
}
