"""Reading all customers in pages, as `kontor contacts sync` does."""

from datetime import UTC, datetime

from billing.contacts import InvoiceStatus, SubscriptionStatus
from billing.stripe.customers import PAGE, StripeCustomers


def test_all_customers_come_in_pages_and_a_reading_goes_on_where_it_stopped(local, catalogue):
    made = [local.v1.customers.create({"name": f"N{n}"}).id for n in range(PAGE + 5)]
    newest_first = made[::-1]
    customers = StripeCustomers(local.connection.client, catalogue)
    pages = list(customers.pages(None))
    assert [len(page) for page in pages] == [PAGE, 5]
    assert [one.customer for page in pages for one in page] == newest_first
    (rest,) = customers.pages(pages[0][-1].customer)
    assert [one.customer for one in rest] == newest_first[PAGE:]


def test_a_stripe_without_customers_has_no_pages(local, catalogue):
    assert list(StripeCustomers(local.connection.client, catalogue).pages(None)) == []


def test_behind_somebody_whom_stripe_does_not_know_any_more_the_reading_begins_anew(local, catalogue):
    """Deleted since the page before. Otherwise no comparison would ever come to its end again."""
    made = [local.v1.customers.create({"name": f"N{n}"}).id for n in range(3)]
    (found,) = StripeCustomers(local.connection.client, catalogue).pages("cus_gone")
    assert [one.customer for one in found] == made[::-1]


def test_of_a_deleted_customer_ended_subscriptions_and_invoices_are_left(local, catalogue):
    """API reference, "Delete a customer": it ends subscriptions and takes cards away."""
    ada = local.customer()
    price = local.v1.prices.list({"lookup_keys": ["desk-solo-month-eur"]}).data[0].id
    local.v1.subscriptions.create({"customer": ada.id, "items": [{"price": price}]})
    local.v1.customers.delete(ada.id)
    found = StripeCustomers(local.connection.client, catalogue).snapshot(ada.id)
    assert found is not None
    assert (found.deleted, found.name, found.email, found.payment_methods) == (True, "", "", ())
    assert [one.status for one in found.subscriptions] == [SubscriptionStatus.CANCELED]
    assert [one.status for one in found.invoices] == [InvoiceStatus.PAID]


def test_when_it_was_read_is_said_by_the_clock_that_the_mirror_goes_by(local, catalogue):
    """By another, one of them would be older than what we changed before it was read, and never kept."""
    ada, now = local.customer(), datetime(2027, 1, 1, tzinfo=UTC)
    customers = StripeCustomers(local.connection.client, catalogue, lambda: now)
    assert customers.snapshot(ada.id).read_at == now
    assert [one.read_at for page in customers.pages() for one in page] == [now]
