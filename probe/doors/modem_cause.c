#include "probe/doors/modem.h"

#include <string.h>

#define PREFIX "org.freedesktop.ModemManager1.Error.MobileEquipment."

/* Names: ModemManager-errors.h (the nick of each MMMobileEquipmentError). Causes of mobility
 * management, which refuse a registration, stand first, then those of session management,
 * which refuse a bearer, then those of a protocol error. Errors that a modem makes up by
 * itself (no SIM, no network, timeouts) are no refusals and stand nowhere here. */
static const struct {
	const char *name;
	uint8_t cause;
} causes[] = {
	{"ImsiUnknownInHss", 2},
	{"IllegalUe", 3},
	{"ImsiUnknownInVlr", 4},
	{"ImeiNotAccepted", 5},
	{"IllegalMe", 6},
	{"PsServicesNotAllowed", 7},
	{"PsAndNonPsServicesNotAllowed", 8},
	{"UeIdentityNotDerivedFromNetwork", 9},
	{"ImplicitlyDetached", 10},
	{"PlmnNotAllowed", 11},
	{"AreaNotAllowed", 12},
	{"RoamingNotAllowedInArea", 13},
	{"PsServicesNotAllowedInPlmn", 14},
	{"NoCellsInArea", 15},
	{"MscTemporarilyNotReachable", 16},
	{"NetworkFailureAttach", 17},
	{"CsDomainUnavailable", 18},
	{"EsmFailure", 19},
	{"Congestion", 22},
	{"NotAuthorizedForCsg", 25},
	{"N1ModeNotAllowed", 27},
	{"RestrictedServiceArea", 28},
	{"ServiceOptionNotAuthorizedInPlmn", 35},
	{"CsServiceTemporarilyUnavailable", 39},
	{"NoBearerActivated", 40},
	{"SevereNetworkFailure", 42},
	{"ServingNetworkNotAuthorized", 73},
	{"OperatorDeterminedBarring", 8},
	{"MbmsBearerCapabilitiesInsufficientForService", 24},
	{"InsufficientResources", 26},
	{"MissingOrUnknownApn", 27},
	{"UnknownPdpAddressOrType", 28},
	{"UserAuthenticationFailed", 29},
	{"ActivationRejectedByGgsnOrGw", 30},
	{"ActivationRejectedUnspecified", 31},
	{"ServiceOptionNotSupported", 32},
	{"ServiceOptionNotSubscribed", 33},
	{"ServiceOptionOutOfOrder", 34},
	{"NsapiOrPtiAlreadyInUse", 35},
	{"RegularDeactivation", 36},
	{"QosNotAccepted", 37},
	{"NetworkFailureActivation", 38},
	{"ReactivationRequested", 39},
	{"FeatureNotSupported", 40},
	{"SemanticErrorInTftOperation", 41},
	{"SyntacticalErrorInTftOperation", 42},
	{"UnknownPdpContext", 43},
	{"SemanticErrorsInPacketFilter", 44},
	{"SyntacticalErrorsInPacketFilter", 45},
	{"PdpContextWithoutTftAlreadyActivated", 46},
	{"RequestRejectedBcmViolation", 48},
	{"LastPdnDisconnectionNotAllowed", 49},
	{"Ipv4OnlyAllowed", 50},
	{"Ipv6OnlyAllowed", 51},
	{"SingleAddressBearersOnlyAllowed", 52},
	{"EsmInformationNotReceived", 53},
	{"PdnConnectionNonexistent", 54},
	{"MultiplePdnConnectionSameApnNotAllowed", 55},
	{"CollisionWithNetworkInitiatedRequest", 56},
	{"Ipv4v6OnlyAllowed", 57},
	{"NonIpOnlyAllowed", 58},
	{"UnsupportedQciOr5qiValue", 59},
	{"BearerHandlingUnsupported", 60},
	{"MaximumNumberOfBearersReached", 65},
	{"RequestedApnNotSupported", 66},
	{"InsufficientResourcesForSliceAndDnn", 67},
	{"InsufficientResourcesForSlice", 69},
	{"ApnRestrictionIncompatible", 112},
	{"MultipleAccessToPdnConnectionNotAllowed", 113},
	{"SemanticallyIncorrectMessage", 95},
	{"InvalidMandatoryInformation", 96},
	{"MessageTypeNotImplemented", 97},
	{"MessageTypeNotCompatibleWithProtocolState", 98},
	{"IeNotImplemented", 99},
	{"ConditionalIeError", 100},
	{"MessageNotCompatibleWithProtocolState", 101},
	{"UnspecifiedProtocolError", 111},
};

int64_t
modem_cause(const char *error)
{
	if (strncmp(error, PREFIX, strlen(PREFIX)) != 0)
		return 0;
	for (size_t i = 0; i < sizeof(causes) / sizeof(*causes); i++)
		if (!strcmp(causes[i].name, error + strlen(PREFIX)))
			return causes[i].cause;
	return 0;
}
