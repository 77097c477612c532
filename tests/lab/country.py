"""Draws a small country and the world beyond it from a seed. Pure: no file, no process.

Everything that a program under test could be tuned to comes from the generator: the
country's code, prefixes, AS numbers, names, the order of the operators, who hangs on
which gateway, which probes can read a mains sensor.
"""

import dataclasses
import hashlib
import ipaddress
import random

PROBES_PER_OPERATOR = 3
OPERATORS = ("mobile", "mobile", "fixed")
DOMESTIC = 3
FOREIGN = 6  # networks with web servers; the first is the listed one
RESOLVERS = (2, 3)  # foreign networks that run a public resolver
CONTROLS = (4, 5)  # foreign networks in which a control probe lives

HEADER = "role,host,address,port,asn,who_else,verified"
# First octets that hold a special-purpose range anywhere (RFC 6890 and its registry).
SPECIAL = {0, 10, 100, 127, 169, 172, 192, 198, 203}
# First two octets of IPv6 that do; the rest of 2000::/3 is given out or free.
SPECIAL6 = {0x2001, 0x2002, 0x2620, 0x3fff}


@dataclasses.dataclass
class Network:
    """An autonomous system: its number, its two prefixes, where it is registered."""

    asn: int
    prefix: ipaddress.IPv4Network
    country: str
    prefix6: ipaddress.IPv6Network
    _links: int = 0

    @property
    def prefixes(self):
        return str(self.prefix), str(self.prefix6)

    def address(self, subnet, host):
        """Address ``host`` in the ``subnet``-th /24."""
        return str(self.prefix.network_address + 256 * subnet + host)

    def twin(self, address):
        """The IPv6 address of whoever has this IPv4 one: a /24 here is a /64 there."""
        subnet, host = divmod(
            int(ipaddress.IPv4Address(address)) - int(self.prefix.network_address), 256)
        return str(self.prefix6.network_address + (subnet << 64) + host)

    def pair(self):
        """The next two addresses for a link between routers (a /31 of the first /24)."""
        self._links += 2
        return self.address(0, self._links), self.address(0, self._links + 1)


@dataclasses.dataclass
class Probe:
    node: str
    network: Network
    address: str
    gateway: str
    region: str
    medium: str
    operator: int  # -1 for a control probe
    role: str
    mains_sensor: bool
    age_s: int  # how long it has been on when the lab starts
    line_kbps: int  # what its line carries towards it
    address6: str = ""
    gateway6: str = ""
    plmn: str = ""  # of the operator whose modem it has; "" none: its medium is declared


@dataclasses.dataclass
class Site:
    """A web server: the node it runs on, its addresses, its name, its page."""

    node: str
    address: str
    address6: str
    host: str
    page: str
    folder: str  # of the server's files


@dataclasses.dataclass
class Server:
    """A name server or a clock: the node it runs on, its address, its name."""

    node: str
    address: str
    name: str


@dataclasses.dataclass
class Country:
    seed: int
    code: str
    regions: list
    operators: list  # Network
    media: list
    gateway_of: list  # operator -> gateway
    exchange: Network
    gateways: list
    domestic: list
    transit: Network
    foreign: list
    analyzer: Network
    probes: list
    controls: list
    domestic_sites: list
    foreign_sites: list  # one a network, and the control host of the listed one last
    resolver: str
    public_resolvers: list
    analyzer_address: str
    roots: list = dataclasses.field(default_factory=list)  # Server; all abroad
    tld_servers: list = dataclasses.field(default_factory=list)  # one here, one abroad
    clock: Server = None  # abroad
    public_names: list = dataclasses.field(default_factory=list)  # of the public resolvers
    serial: int = 0  # of the root zone; the country's is the next

    @property
    def tld(self):
        return self.code.lower()

    @property
    def quic_site(self):
        """Whose server speaks HTTP/3 too; the others' do not."""
        return self.foreign_sites[4]

    @property
    def listed(self):
        return self.foreign_sites[0]

    @property
    def listed_control(self):
        return self.foreign_sites[-1]

    def everyone(self):
        return self.probes + self.controls

    def sites(self):
        return self.domestic_sites + self.foreign_sites

    def networks(self):
        return (self.operators + [self.exchange] + self.gateways + self.domestic
                + [self.transit] + self.foreign + [self.analyzer])

    @property
    def prefixes(self):
        """All that is the country's own, as an address database has it."""
        return [p for n in self.operators + self.domestic + self.gateways + [self.exchange]
                for p in n.prefixes]

    def twin(self, address):
        """The IPv6 address of whoever in this world has this IPv4 one."""
        place = ipaddress.IPv4Address(address)
        return next(n.twin(address) for n in self.networks() if place in n.prefix)


class Draw:
    """A generator that never hands out the same thing twice."""

    def __init__(self, seed):
        self.random = random.Random(f"country {seed}")
        self.random6 = random.Random(f"country {seed}, IPv6")
        self.taken = set()

    def once(self, make):
        while True:
            value = make()
            if value not in self.taken:
                self.taken.add(value)
                return value

    def prefix(self):
        def make():
            first = self.random.choice([n for n in range(1, 224) if n not in SPECIAL])
            return ipaddress.IPv4Network((first << 24 | self.random.randrange(256) << 16, 16))

        return self.once(make)

    def prefix6(self):
        def make():
            first = self.random6.choice(
                [n for n in range(0x2000, 0x4000) if n not in SPECIAL6])
            second = self.random6.randrange(0x10000)
            return ipaddress.IPv6Network((first << 112 | second << 96, 32))

        return self.once(make)

    def asn(self):
        wide = self.random.random() < 0.5
        span = (131072, 401308) if wide else (1000, 64000)
        return self.once(lambda: self.random.randrange(*span))

    def code(self):
        # User-assigned codes of ISO 3166-1 only: the lab is no real country.
        user = [a + b for a in "X" for b in "ABCDEFGHIJLMNOPQRSTUVWY"]
        user += ["Q" + b for b in "MNOPQRSTUVWXY"]
        return self.once(lambda: self.random.choice(user))

    def word(self):
        def make():
            pairs = [self.random.choice("bdfgklmnprstvz") + self.random.choice("aeiou")
                     for _ in range(self.random.randrange(2, 4))]
            return "".join(pairs)

        return self.once(make)

    def network(self, country):
        return Network(self.asn(), self.prefix(), country, self.prefix6())

    def page(self, host):
        """A page of a kilobyte or so; the same for whoever asks."""
        size = self.random.randrange(600, 1400)
        words = []
        while sum(map(len, words)) + len(words) < size:
            words.append("".join(self.random.choices("abcdefghijklmnopqrstuvwxyz", k=6)))
        return f"<title>{host}</title>\n<p>{' '.join(words)}\n"


def draw(seed):
    d = Draw(seed)
    code = d.code()
    regions = [f"{code}-{n:02d}" for n in sorted(d.random.sample(range(1, 90), 3))]
    media = list(OPERATORS)
    d.random.shuffle(media)
    # The operators are split over the two gateways: never all on one.
    gateway_of = d.random.choice([[0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 1, 1]])
    country = Country(
        seed=seed, code=code, regions=regions, media=media, gateway_of=gateway_of,
        operators=[d.network(code) for _ in media],
        exchange=d.network(code),
        gateways=[d.network(code) for _ in range(2)],
        domestic=[d.network(code) for _ in range(DOMESTIC)],
        transit=d.network(d.code()),
        foreign=[d.network(d.code()) for _ in range(FOREIGN)],
        analyzer=d.network(d.code()),
        probes=[], controls=[], domestic_sites=[], foreign_sites=[],
        resolver="", public_resolvers=[], analyzer_address="")
    place_probes(country, d)
    place_sites(country, d)
    number6(country)
    place_core(country, random.Random(f"core {seed}"))
    place_modems(country, random.Random(f"modems {seed}"))
    return country


def place_probes(country, d):
    for i, (network, medium) in enumerate(zip(country.operators, country.media)):
        for j in range(PROBES_PER_OPERATOR):
            subnet = d.random.randrange(20, 80) + 60 * j
            country.probes.append(Probe(
                node=f"p{i}{j}", network=network, operator=i, medium=medium, role="field",
                address=network.address(subnet, d.random.randrange(10, 250)),
                gateway=network.address(subnet, 1), region=country.regions[j],
                # A Pi has no mains sensor; one in three machines here has.
                mains_sensor=d.random.random() < 0.34,
                age_s=age(d), line_kbps=line(d)))
    for i, f in enumerate(CONTROLS):
        network = country.foreign[f]
        country.controls.append(Probe(
            node=f"c{i}", network=network, operator=-1, medium="fixed", role="control",
            address=network.address(40, d.random.randrange(10, 250)),
            gateway=network.address(40, 1), region=f"{network.country}-{10 + i}",
            mains_sensor=False, age_s=age(d), line_kbps=line(d)))


def age(d):
    return d.random.randrange(86400, 20 * 86400)


def line(d):
    """A modest line. One without any rate would measure this machine's processor."""
    return d.random.randrange(2000, 4000)


def place_sites(country, d):
    def site(node, network, tld):
        host = f"www.{d.word()}.{tld}"
        address = network.address(d.random.randrange(100, 250), d.random.randrange(10, 250))
        return Site(node, address, "", host, d.page(host), d.word())

    for i, network in enumerate(country.domestic):
        country.domestic_sites.append(site(f"d{i}", network, country.code.lower()))
    country.resolver = country.domestic[0].address(7, d.random.randrange(10, 250))
    for i, network in enumerate(country.foreign):
        country.foreign_sites.append(site(f"f{i}", network, network.country.lower()))
    # The listed host's neighbour: another machine's address in the same /24.
    listed = country.foreign_sites[0]
    neighbour = site("f0", country.foreign[0], country.foreign[0].country.lower())
    neighbour.address = str(ipaddress.IPv4Address(listed.address)
                            + d.random.choice((-1, 1)))
    country.foreign_sites.append(neighbour)
    for f in RESOLVERS:
        country.public_resolvers.append(
            (f"f{f}", country.foreign[f].address(8, d.random.randrange(10, 250))))
    country.analyzer_address = country.analyzer.address(9, d.random.randrange(10, 250))


def number6(country):
    """Whoever has an IPv4 address has an IPv6 one too."""
    for site in country.sites():
        site.address6 = country.twin(site.address)
    for probe in country.everyone():
        probe.address6 = probe.network.twin(probe.address)
        probe.gateway6 = probe.network.twin(probe.gateway)


def place_core(country, chance):
    """Each in a network of its own; the listed one has none."""
    def server(networks, letter, i, name):
        return Server(f"{letter}{i}", networks[i].address(10, chance.randrange(10, 250)), name)

    word = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=6))
    first, second, third, fourth = chance.sample(range(1, FOREIGN), 4)
    country.roots = [server(country.foreign, "f", first, f"a.{word}"),
                     server(country.foreign, "f", second, f"b.{word}")]
    country.tld_servers = [
        server(country.domestic, "d", chance.randrange(DOMESTIC), f"ns1.{word}.{country.tld}"),
        server(country.foreign, "f", third, f"ns2.{word}.{country.tld}")]
    country.clock = server(country.foreign, "f", fourth, f"clock.{word}")
    country.serial = chance.randrange(10**9, 2 * 10**9)
    country.public_names = [f"dns{n}.{word}" for n in chance.sample(range(1, 10), 2)]


def place_modems(country, chance):
    """All mobile probes of an operator but one have a modem that says what it hears; that one
    hangs on a stick or a telephone that looks like any wired network."""
    codes = chance.sample(range(1, 90), len(country.operators))
    for i, code in enumerate(codes):
        mine = [p for p in country.probes if p.operator == i and p.medium == "mobile"]
        silent = chance.choice(mine) if mine else None
        for probe in mine:
            if probe is not silent:
                probe.plmn = f"001{code:02d}"  # 001: no country's (ITU-T E.212)


def target_id(row):
    """What a measurement calls a row of the list (common/FORMAT.md)."""
    first = ",".join(row[:4])
    return f"{row[0]}-{hashlib.sha256(first.encode()).hexdigest()[:6]}"


def targets(country):
    """The target list: nothing in it tells one target of a role from another."""
    chance = random.Random(f"targets {country.seed}")
    abroad = [country.listed, country.listed_control] + country.foreign_sites[1:3]
    # Some are known by their IPv6 address as well.
    six_home, six_abroad = chance.choice(country.domestic_sites), chance.sample(abroad, 2)
    rows = [("domestic", s.host, s.address, "80") for s in country.domestic_sites]
    rows.append(("domestic", six_home.host, six_home.address6, "80"))
    rows += [("international", s.host, s.address, "80") for s in abroad]
    rows += [("international", s.host, s.address6, "80") for s in six_abroad]
    # The same names asked at home and abroad.
    asked = chance.sample(country.domestic_sites, 2)
    rows += [("names", s.host, "resolver", "53") for s in asked]
    rows += [("international", s.host, address, "53")
             for s, (_, address) in zip(asked, country.public_resolvers)]
    # Under TLS: some of the same, and what phones contact by themselves.
    home = chance.choice(country.domestic_sites)
    rows.append(("domestic", home.host, home.address, "443"))
    away = chance.choice(abroad)
    rows.append(("international", away.host, away.address, "443"))
    rows.append(("control", country.quic_site.host, country.quic_site.address, "443"))
    rows += [("core", ".", "root", "53"), ("core", country.tld, "tld", "53"),
             ("core", "-", country.clock.address, "123")]
    # Sorted by id, which is drawn: the order of a list says nothing either.
    lines = [HEADER]
    lines += [",".join(row) + ",-,everyone,no" for row in sorted(rows, key=target_id)]
    return "\n".join(lines) + "\n"


def zone(country):
    """Every name of this world with the type and the value of its addresses."""
    return [row for s in country.sites()
            for row in ((s.host, "A", s.address), (s.host, "AAAA", s.address6))]


def origins(country):
    """Rows of prefix, AS number and country, as an address database has them."""
    return [(prefix, n.asn, n.country) for n in country.networks() for prefix in n.prefixes]
