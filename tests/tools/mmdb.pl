#!/usr/bin/perl
# Makes DIR/asn.mmdb (autonomous_system_number) and DIR/country.mmdb (country.iso_code)
# from rows "prefix,asn,country" on standard input; the longest prefix wins. The same rows give the same bytes
# when SOURCE_DATE_EPOCH is set.
#
#     printf '1.2.3.0/24,64500,AA\n' | tests/tools/mmdb.pl DIR
#
# Exit 77 when MaxMind::DB::Writer (Debian: libmaxmind-db-writer-perl) is missing.
use strict;
use warnings;

BEGIN {
	if (!eval { require MaxMind::DB::Writer::Tree; 1 }) {
		print STDERR "mmdb.pl: install libmaxmind-db-writer-perl\n";
		exit 77;
	}
}

my $dir = shift // die "usage: mmdb.pl DIR < rows of prefix,asn,country\n";

sub tree {
	my ($type, $types) = @_;
	return MaxMind::DB::Writer::Tree->new(
		ip_version            => 6,
		record_size           => 24,
		database_type         => $type,
		languages             => ['en'],
		description           => { en => "$type, made for a test" },
		remove_reserved_networks => 0,
		map_key_type_callback => sub { $types->{ $_[0] } },
	);
}

my $asn = tree('Faultline-ASN', { autonomous_system_number => 'uint32' });
my $country = tree('Faultline-Country',
	{ country => 'map', iso_code => 'utf8_string' });

my @rows;
while (my $row = <STDIN>) {
	chomp $row;
	next if $row eq '';
	$row =~ m{^([0-9a-f.:]+)/(\d+),(\d+),([A-Z]{2})$}
		or die "mmdb.pl: line $.: want prefix,asn,country: $row\n";
	push @rows, [ $2, "$1/$2", $3, $4 ];
}
# What is inserted later overwrites: so the longest prefix wins, as in routing.
for my $row (sort { $a->[0] <=> $b->[0] } @rows) {
	my (undef, $prefix, $number, $code) = @$row;
	$asn->insert_network($prefix, { autonomous_system_number => $number });
	$country->insert_network($prefix, { country => { iso_code => $code } });
}

for my $pair ([ $asn, 'asn' ], [ $country, 'country' ]) {
	my ($tree, $name) = @$pair;
	open my $out, '>:raw', "$dir/$name.mmdb" or die "mmdb.pl: $dir/$name.mmdb: $!\n";
	$tree->write_tree($out);
	close $out or die "mmdb.pl: $dir/$name.mmdb: $!\n";
}
