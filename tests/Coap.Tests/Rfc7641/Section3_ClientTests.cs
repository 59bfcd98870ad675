using Flint.Coap.Tests.Exchange;

namespace Flint.Coap.Tests.Rfc7641;

/// <summary>RFC 7641 section 3: the client.</summary>
public sealed class Section3_ClientTests
{
    private static readonly TimeSpan Start = TimeSpan.FromSeconds(100);

    /// <summary>[C-121] Section 3.4, at its edges.</summary>
    [Theory]
    [InlineData(0, 1, true)]
    [InlineData(1, 1, false)]
    [InlineData(1, 0, false)]
    [InlineData(0, (1 << 23) - 1, true)]
    [InlineData(0, 1 << 23, false)]
    [InlineData((1 << 24) - 1, 0, true)]
    [InlineData((1 << 24) - 1, 5, true)]
    [InlineData((1 << 23) + 1, 0, true)]
    [InlineData(1 << 23, 0, false)]
    [InlineData(5, (1 << 24) - 1, false)]
    public void Order_TwoNumbers_IsThatOfTheRfc(int earlier, int later, bool newer)
    {
        Assert.Equal(newer, CoapObservation.IsNewer((uint)earlier, (uint)later));

        CoapObservation observation = Observing(earlier);
        Assert.Equal(newer ? CoapNotificationKind.Fresh : CoapNotificationKind.Old, Notify(observation, later, Start + TimeSpan.FromSeconds(128)));
        observation = Observing(earlier);
        Assert.Equal(CoapNotificationKind.Fresh, Notify(observation, later, Start + TimeSpan.FromSeconds(128.001)));
    }

    [Fact]
    public void Stream_KeepsTheOrder_SoNumbersMeanNothing()
    {
        var observation = new CoapObservation(new byte[16], isOrdered: true);
        Assert.Equal(CoapNotificationKind.Fresh, Notify(observation, 5, Start));
        Assert.Equal(CoapNotificationKind.Fresh, Notify(observation, 0, Start));
    }

    /// <summary>A server that has restarted counts anew; its answer to the new registration is the newest all the same.</summary>
    [Fact]
    public void Piggybacked_AnswerToARenewal_IsTheNewest()
    {
        CoapObservation observation = Observing(1000);
        TimeSpan renewal = observation.NextDeadline!.Value;
        Assert.True(observation.TryRenew(renewal));
        Assert.Equal(CoapNotificationKind.Old, Notify(observation, 2, renewal));
        Assert.Equal(CoapNotificationKind.Fresh, Notify(observation, 2, renewal, CoapType.Acknowledgement));
        Assert.Equal(CoapNotificationKind.Fresh, Notify(observation, 3, renewal));
    }

    /// <summary>An old notification that comes in place of a renewal's answer ends its retransmission: the client asks again, 5 to 15 seconds later.</summary>
    [Fact]
    public void OldNotification_InPlaceOfARenewalsAnswer_BringsAnotherRenewal()
    {
        CoapObservation observation = Observing(1000);
        TimeSpan renewal = observation.NextDeadline!.Value;
        Assert.True(observation.TryRenew(renewal));
        Assert.Null(observation.NextDeadline);

        Assert.Equal(CoapNotificationKind.Old, Notify(observation, 2, renewal));

        Assert.InRange(observation.NextDeadline!.Value, renewal + TimeSpan.FromSeconds(5), renewal + TimeSpan.FromSeconds(15));
        Assert.True(observation.TryRenew(observation.NextDeadline.Value));
    }

    [Fact]
    public void Registration_NotAccepted_IsOverWithTheResponse()
    {
        var observation = new CoapObservation(new byte[16]);
        Assert.Equal(CoapNotificationKind.Last, Respond(observation, CoapCode.Content));
        Assert.Equal(CoapObservationState.Ended, observation.State);
        Assert.Null(observation.NextDeadline);
        Assert.Equal(CoapNotificationKind.Old, Notify(observation, 9, Start));
        Assert.False(observation.TryDeregister());
    }

    [Fact]
    public void Error_WithObserve_EndsTheObservation()
    {
        CoapObservation observation = Observing(1);
        Assert.Equal(CoapNotificationKind.Last, Respond(observation, CoapCode.NotFound, (CoapOptionNumber.Observe, 2)));
        Assert.Equal(CoapObservationState.Ended, observation.State);
    }

    /// <summary>Section 3.3.1: 5 to 15 seconds after Max-Age, which is 60 seconds where it is absent.</summary>
    [Fact]
    public void Renewal_Due_LiesBeyondMaxAgeAndIsSpread()
    {
        var seen = new HashSet<TimeSpan>();
        for (byte entropy = 0; entropy < 50; entropy++)
        {
            byte[] bytes = [.. Enumerable.Range(entropy, 16).Select(i => (byte)i)];
            var observation = new CoapObservation(bytes);
            Read(Datagrams.Response(CoapCode.Content, "aa", CoapType.NonConfirmable, 1, null, (CoapOptionNumber.Observe, 1)), observation, Start);
            Assert.InRange(observation.NextDeadline!.Value - Start, TimeSpan.FromSeconds(65), TimeSpan.FromSeconds(75));
            seen.Add(observation.NextDeadline.Value);

            Read(Datagrams.Response(CoapCode.Content, "aa", CoapType.NonConfirmable, 1, null, (CoapOptionNumber.Observe, 2), (CoapOptionNumber.MaxAge, 1000)), observation, Start);
            Assert.InRange(observation.NextDeadline!.Value - Start, TimeSpan.FromSeconds(1005), TimeSpan.FromSeconds(1015));
        }

        Assert.True(seen.Count > 40);
        Assert.True(seen.Max() - seen.Min() > TimeSpan.FromSeconds(8));
    }

    [Fact]
    public void Renewal_InTime_GoesOnceAndReturnsToObserving()
    {
        CoapObservation observation = Observing(1);
        TimeSpan due = observation.NextDeadline!.Value;
        Assert.False(observation.TryRenew(due - TimeSpan.FromTicks(1)));
        Assert.True(observation.TryRenew(due));
        Assert.Equal(CoapObservationState.Renewing, observation.State);
        Assert.False(observation.TryRenew(due));
        Assert.Equal(CoapNotificationKind.Fresh, Notify(observation, 2, due));
        Assert.Equal(CoapObservationState.Observing, observation.State);
        Assert.NotNull(observation.NextDeadline);
    }

    [Fact]
    public void Deregistration_TakesNoMoreNotifications()
    {
        CoapObservation observation = Observing(1);
        Assert.True(observation.TryDeregister());
        Assert.False(observation.TryDeregister());
        Assert.Equal(CoapNotificationKind.Old, Notify(observation, 2, Start));
        Assert.Equal(CoapObservationState.Ended, observation.State);

        observation = new CoapObservation(new byte[16], isOrdered: true);
        Assert.True(observation.TryDeregister());
        Assert.Equal(CoapNotificationKind.Old, Notify(observation, 2, Start));
        Assert.Equal(CoapObservationState.Deregistering, observation.State);
        Assert.Equal(CoapNotificationKind.Last, Respond(observation, CoapCode.Content));
        Assert.Equal(CoapObservationState.Ended, observation.State);
    }

    [Fact]
    public void Failure_AtAnyTime_Ends()
    {
        CoapObservation observation = Observing(1);
        observation.OnFailed();
        observation.OnFailed();
        Assert.Equal(CoapObservationState.Ended, observation.State);
        Assert.Null(observation.NextDeadline);
    }

    private static CoapObservation Observing(int sequence)
    {
        var observation = new CoapObservation(new byte[16]);
        Assert.Equal(CoapNotificationKind.Fresh, Notify(observation, sequence, Start));
        return observation;
    }

    private static CoapNotificationKind Notify(CoapObservation observation, int sequence, TimeSpan now, CoapType type = CoapType.NonConfirmable) =>
        Read(Datagrams.Response(CoapCode.Content, "aa", type, 1, null, (CoapOptionNumber.Observe, (uint)sequence)), observation, now);

    private static CoapNotificationKind Respond(CoapObservation observation, CoapCode code, params (CoapOptionNumber, uint)[] options) =>
        Read(Datagrams.Response(code, "aa", CoapType.NonConfirmable, 1, null, options), observation, Start);

    private static CoapNotificationKind Read(byte[] datagram, CoapObservation observation, TimeSpan now)
    {
        Assert.Equal(CoapReadStatus.Ok, CoapMessageReader.TryRead(datagram, out CoapMessageReader message));
        return observation.OnResponse(message, now);
    }
}
