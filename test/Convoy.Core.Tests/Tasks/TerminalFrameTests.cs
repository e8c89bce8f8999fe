using Convoy.Core.Tasks;

namespace Convoy.Core.Tests.Tasks;

public sealed class TerminalFrameTests
{
    [Fact]
    public void A_frame_in_a_stream_begins_with_its_kind_and_length()
    {
        var bytes = new TerminalFrame(TerminalFrameKind.Input, "ls\n"u8.ToArray()).ToBytes();
        bytes.ShouldBe([(byte)'I', 0, 0, 0, 3, (byte)'l', (byte)'s', (byte)'\n']);
        TerminalFrame.TryReadHeader(bytes, out var kind, out var length).ShouldBeTrue();
        (kind, length).ShouldBe((TerminalFrameKind.Input, 3));
    }

    [Theory]
    [InlineData(new byte[] { (byte)'I', 0, 0, 0x80, 0 }, true)]
    [InlineData(new byte[] { (byte)'I', 0, 0, 0x80, 1 }, false)]
    [InlineData(new byte[] { (byte)'I', 0xff, 0xff, 0xff, 0xff }, false)]
    public void A_frame_longer_than_any_may_be_is_none(byte[] header, bool isOne) => TerminalFrame.TryReadHeader(header, out _, out _).ShouldBe(isOne);

    [Fact]
    public void What_clients_and_terminals_say_first_comes_back_as_it_was()
    {
        foreach (var attach in (TerminalAttach[])[new(new TerminalSize(24, 80), 7, null, false), new(null, -1, 0, true), new(new TerminalSize(65535, 1), long.MaxValue, long.MaxValue, true)]) TerminalAttach.Read(attach.ToFrame()).ShouldBe(attach);
        TerminalAttached.Read(new TerminalAttached(5, long.MaxValue).ToFrame()).ShouldBe(new TerminalAttached(5, long.MaxValue));
        TerminalFrame.OfNumber(TerminalFrameKind.InputTaken, 12).Number.ShouldBe(12);
    }

    [Fact]
    public void What_is_too_short_or_of_another_kind_is_not_taken_for_it()
    {
        TerminalAttach.Read(new TerminalFrame(TerminalFrameKind.Attach, new byte[20])).ShouldBeNull();
        TerminalAttach.Read(new TerminalFrame(TerminalFrameKind.Input, new byte[21])).ShouldBeNull();
        TerminalAttached.Read(new TerminalFrame(TerminalFrameKind.Attached, new byte[15])).ShouldBeNull();
        TerminalSize.Read(new byte[3]).ShouldBeNull();
        new TerminalFrame(TerminalFrameKind.InputTaken, new byte[7]).Number.ShouldBeNull();
    }
}
