"""Reading all customers in pages, as `kontor contacts sync` does."""

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
